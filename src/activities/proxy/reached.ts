import { problem } from '../../problem.ts';
import type { Role } from '../../stack/compose.ts';
import { addressOf } from '../docker/serving.ts';
import { presentContainer } from '../docker/copies.ts';
import { nameOf } from '../docker/standing.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import type { Proxy } from './steer.ts';
import { askThrough } from './who-is-asked.ts';

const withinMs = 30_000;

/**
 * Asks through the proxy until it has had a connection with each of these containers. Throws VerificationFailed.
 */
export async function untilReached(
  setting: Setting,
  proxy: Proxy,
  role: Role,
  ids: readonly string[],
): Promise<{ names: string[]; requests: number }> {
  const { port } = setting.stack.compose.services[role];
  const wanted = new Map<string, string>();
  for (const id of ids) {
    const info = await presentContainer(setting, id);
    wanted.set(addressOf(info, proxy.networks) ?? '', nameOf(info));
  }
  const addresses = new Set(wanted.keys());
  const deadline = Date.now() + withinMs;
  for await (const { requests, reached, answers } of askThrough(setting, proxy, { addresses, port })) {
    if (reached.size === wanted.size) return { names: [...wanted.values()], requests };
    const missed = [...wanted].filter(([address]) => !reached.has(address)).map(([, name]) => name);
    if (Date.now() > deadline) {
      const failure = answers.find((answer) => answer.failure !== undefined)?.failure;
      throw problem('VerificationFailed', {
        what: `${failure === undefined ? '' : `Customers' requests do not even reach nginx (${failure}). `}nginx sent nothing to ${missed.join(', ')} within ${withinMs / 1000} s and ${requests} requests.`,
        next: 'Look at the upstream in its configuration.',
      });
    }
    reportProgress(`Not asked yet: ${missed.join(', ')}`);
  }
  throw new Error('The asking ended by itself.');
}
