import { problem } from '../../problem.ts';
import type { Role } from '../../stack/compose.ts';
import { closest } from '../../stack/suggestion.ts';
import type { Setting } from '../setting.ts';

export const roles = ['api', 'database', 'cache', 'proxy'] as const satisfies readonly Role[];

/** The role of a service of the stack file, by compose's name for it. Throws UnknownService, with the likely name. */
export function roleOf({ stack }: Pick<Setting, 'stack'>, service: string): Role {
  const { services } = stack.compose;
  const found = roles.find((role) => services[role].service === service);
  if (found !== undefined) return found;
  const names = roles.map((role) => services[role].service);
  const meant = closest(service, names);
  throw problem('UnknownService', {
    what: `There is no service ${JSON.stringify(service.slice(0, 80))} in the stack file${meant === undefined ? '' : `: did you mean ${meant}?`}`,
    state: `It has: ${names.join(', ')}.`,
    next: 'Nothing was changed.',
  });
}
