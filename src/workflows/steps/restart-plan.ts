import type { ServiceLook } from '../../activities/contract/containers.ts';
import { problem } from '../../problem.ts';
import { counted } from './words.ts';

export type Strategy = 'rolling' | 'in-place' | 'recreate';

export interface RestartRequest {
  strategy?: Strategy | undefined;
  image?: string | undefined;
  environmentFile?: string | undefined;
}

/**
 * How a service is to be restarted: as asked, or else the gentlest way that there is. Pure. Throws InvalidInput,
 * CannotCopy and CannotScale, which offer another way.
 */
export function strategyOf(
  look: ServiceLook,
  { strategy, image, environmentFile }: RestartRequest,
): Strategy {
  const isChanged = image !== undefined || environmentFile !== undefined;
  const wanted = strategy ?? (isChanged ? 'recreate' : undefined);
  if (isChanged && wanted !== 'recreate') {
    throw problem('InvalidInput', {
      what: `\`${image === undefined ? 'environmentFile' : 'image'}\` is for the strategy recreate, not ${String(wanted)}.`,
      state: 'Nothing was changed.',
      next: `A valid input: {"service": "${look.service}", "strategy": "recreate", "image": "hermes-api:2.4.1"}`,
    });
  }
  // With nobody answering there is no request to lose, and a copy would not answer either.
  if (isOut(look)) return wanted === 'recreate' ? 'recreate' : 'in-place';
  const why = whyNotBridged(look);
  if (wanted === undefined) return why === undefined ? 'rolling' : 'in-place';
  if (wanted === 'in-place' || why === undefined) return wanted;
  throw problem(look.uncopyable.length > 0 ? 'CannotCopy' : 'CannotScale', {
    what: `${look.service} cannot be restarted behind a copy: ${why}.`,
    state: 'Nothing was changed.',
    next: `Restart it in place, which customers notice: {"service": "${look.service}", "strategy": "in-place"}.`,
  });
}

/** Whether no container of the service answers. */
export function isOut({ containers }: ServiceLook): boolean {
  return containers.every(({ answers }) => !answers);
}

function whyNotBridged(look: ServiceLook): string | undefined {
  if (look.stateful) return 'it keeps data, and a copy would have data of its own';
  if (look.role !== 'api') return 'nothing stands before it that could send customers to the copy';
  if (look.uncopyable.length > 0) return look.uncopyable.join('; ');
  return undefined;
}

/** The plan as lines for people. */
export function describeRestartPlan(
  look: ServiceLook,
  strategy: Strategy,
  { image, environmentFile }: RestartRequest,
): string[] {
  const names = look.containers.map(({ name }) => name).join(', ');
  const silent = look.containers.filter(({ answers }) => !answers).map(({ name }) => name);
  const changes = [
    ...(image === undefined ? [] : [`image ${image}`]),
    ...(environmentFile === undefined ? [] : [`variables of ${environmentFile}`]),
  ];
  return [
    ...(isOut(look)
      ? [
          `${names} ${strategy === 'recreate' ? 'is made anew' : 'is restarted'} at once: nothing of ${look.service} answers`,
        ]
      : strategy === 'in-place'
        ? [`stop and start ${names} in place: customers notice it for some seconds`]
        : [
            `a copy carries the traffic while ${names} ${look.containers.length === 1 ? 'is' : 'are'} ${strategy === 'recreate' ? 'made anew' : 'restarted'}: no request is lost`,
          ]),
    ...(changes.length === 0 ? [] : [`new: ${changes.join(', ')}`]),
    ...(isOut(look) ? [] : silent.map((name) => `Attention: ${name} does not answer`)),
    ...(look.restarts.length === 0
      ? []
      : [`it was restarted ${counted(look.restarts.length, 'time')} within the last hour`]),
  ];
}
