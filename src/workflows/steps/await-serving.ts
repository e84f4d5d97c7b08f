import { proxyActivities } from '@temporalio/workflow';
import type { ContainerActivities, ServiceActivities } from '../../activities/contract/service.ts';
import { problem } from '../../problem.ts';
import { shortChange } from './policies.ts';
import type { Run } from './run.ts';
import { spokenDuration } from './clock.ts';

const { awaitReconnection } = proxyActivities<ServiceActivities>(shortChange);
const { restartApi } = proxyActivities<ContainerActivities>(shortChange);

const afterRestartMs = 120_000;

/** Waits until the api answers from its database again; restarts it where it does not reconnect by itself. */
export async function awaitServing(run: Run, sinceIso: string): Promise<void> {
  const withinMs = run.policy.reconnectWithinMs;
  const first = await run.step(
    'Wait until the api has reconnected',
    () => awaitReconnection({ withinMs }),
    ({ reconnected, afterMs }) =>
      reconnected ? `after ${afterMs} ms` : `not within ${spokenDuration(withinMs)}`,
  );
  if (first.reconnected) return;
  await run.change('Restart the api', () => restartApi({ before: sinceIso }));
  const second = await run.step('Wait until the restarted api answers', () =>
    awaitReconnection({ withinMs: afterRestartMs }),
  );
  if (!second.reconnected) {
    throw problem('SmokeTestFailed', {
      what: `The api did not answer from the database within ${spokenDuration(afterRestartMs)} of its restart.`,
    });
  }
}
