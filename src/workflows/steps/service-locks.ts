import { proxyActivities } from '@temporalio/workflow';
import type { RunsActivities } from '../../activities/contract/runs.ts';
import { underTitle } from './current-step.ts';
import { quickLook } from './policies.ts';
import type { Run } from './run.ts';

const { inspectLock } = proxyActivities<RunsActivities>(quickLook);

// A restore ends the api's connections, and may stop and start it; a restart of PostgreSQL ends a restore. So these take
// each other's locks, the database's always first: two that wait in line never wait for each other.

/** Nothing else may change the service meanwhile, and no restore may go on. */
export async function lockService(run: Run, service: string): Promise<void> {
  const { services } = run.policy;
  if (services === undefined) await run.lock(`service/${service}`);
  if (service === services?.database || (await restoreGoesOn(run))) await run.lock('database');
  await run.lock(`service/${service}`);
}

/** What a restore needs from its start to its end, or for a rollback. */
export async function lockForRestore(run: Run, onBusy?: 'queue'): Promise<void> {
  for (const resource of restored(run)) await run.lock(resource, onBusy);
}

/** Before the first change, which may come a day after the start. */
export async function confirmLocksOfRestore(run: Run): Promise<void> {
  for (const resource of restored(run)) await run.confirmLock(resource);
}

export async function unlockAfterRestore(run: Run): Promise<void> {
  for (const resource of restored(run).toReversed()) await run.unlock(resource);
}

function restored({ policy: { services } }: Run): string[] {
  return services === undefined ? ['database'] : ['database', `service/${services.api}`];
}

async function restoreGoesOn(run: Run): Promise<boolean> {
  const { holder } = await underTitle('Does a restore go on?', () =>
    inspectLock({ lockId: `lock/${run.policy.stack}/database` }),
  );
  return holder?.procedure === 'restoreDatabase';
}
