import { Context } from '@temporalio/activity';
import { problem } from '../../problem.ts';
import type { Role } from '../../stack/compose.ts';
import { connectionsIn } from '../docker/connections.ts';
import { addressOf } from '../docker/serving.ts';
import { presentContainer } from '../docker/copies.ts';
import { listening } from '../docker/tcp-table.ts';
import { nameOf } from '../docker/standing.ts';
import { reportProgress } from '../progress.ts';
import { askService } from '../service/http.ts';
import type { Setting } from '../setting.ts';
import type { Proxy } from './steer.ts';

const withinMs = 30_000;
const lookIntervalMs = 100;
const askedAtOnce = 4;

/**
 * Asks through the proxy until it has had a connection with each of these containers: who answered is read from the
 * proxy's own connections, since nothing in an answer has to say it. Throws VerificationFailed.
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
  const reached = new Set<string>();
  const deadline = Date.now() + withinMs;
  for (let requests = 0; ; requests += askedAtOnce) {
    const { health } = setting.stack.service.probes;
    const answers = await Promise.all(
      Array.from({ length: askedAtOnce }, () => askService(setting, { path: health })),
    );
    for (const { remoteAddress, remotePort, state } of await connectionsIn(setting, proxy.id)) {
      if (remotePort === port && state !== listening && wanted.has(remoteAddress)) reached.add(remoteAddress);
    }
    if (reached.size === wanted.size)
      return { names: [...wanted.values()], requests: requests + askedAtOnce };
    const missed = [...wanted].filter(([address]) => !reached.has(address)).map(([, name]) => name);
    if (Date.now() > deadline) {
      const failure = answers.find((answer) => answer.failure !== undefined)?.failure;
      throw problem('VerificationFailed', {
        what: `${failure === undefined ? '' : `Customers' requests do not even reach nginx (${failure}). `}nginx sent nothing to ${missed.join(', ')} within ${withinMs / 1000} s and ${requests} requests.`,
        next: 'Look at the upstream in its configuration.',
      });
    }
    reportProgress(`Not asked yet: ${missed.join(', ')}`);
    await Context.current().sleep(lookIntervalMs);
  }
}
