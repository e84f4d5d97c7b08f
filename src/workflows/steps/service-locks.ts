import { patched, proxyActivities } from '@temporalio/workflow';
import type { RunsActivities } from '../../activities/contract/runs.ts';
import { underTitle } from './current-step.ts';
import { quickLook } from './policies.ts';
import type { Run } from './run.ts';

const { inspectLock } = proxyActivities<RunsActivities>(quickLook);

// A restore ends the api's connections, and may stop and start it; a restart of PostgreSQL ends a restore. So these take
// each other's locks, the database's always first: two that wait in line never wait for each other. A restore takes
// the api's only where it begins to disturb the api: it may wait a day for its approval, and an api that is down in that
// day must be restarted.

/** Nothing else may change the service meanwhile. For PostgreSQL no restore and no backup may go on either. */
export async function lockService(run: Run, service: string): Promise<void> {
  const { services } = run.policy;
  if (services === undefined) await run.lock(`service/${service}`);
  const beside = service === services?.database || (!takesApiLate() && (await restoreGoesOn(run)));
  if (beside) await run.lock('database');
  await run.lock(`service/${service}`);
}

/** What a restore holds from its start to its end. */
export async function lockForRestore(run: Run): Promise<void> {
  await run.lock('database');
  if (!takesApiLate()) await lockApi(run);
}

/** Before the restore's first change, which may come a day after the start. */
export async function confirmLocksOfRestore(run: Run): Promise<void> {
  await run.confirmLock('database');
  if (!takesApiLate()) await confirmApi(run);
}

/**
 * Before a restore disturbs the api. It waits in line: ending a restore of an hour because somebody
 * restarts the api would help nobody.
 */
export async function lockApiForRestore(run: Run): Promise<void> {
  if (takesApiLate()) await lockApi(run, 'queue');
}

export async function lockForRollback(run: Run): Promise<void> {
  await run.lock('database', 'queue');
  await lockApi(run, 'queue');
}

export async function unlockAfterRestore(run: Run): Promise<void> {
  const { services } = run.policy;
  if (services !== undefined) await run.unlock(`service/${services.api}`);
  await run.unlock('database');
}

function takesApiLate(): boolean {
  return patched('api-locked-at-the-swap');
}

async function lockApi(run: Run, onBusy?: 'queue'): Promise<void> {
  const { services } = run.policy;
  if (services !== undefined) await run.lock(`service/${services.api}`, onBusy);
}

async function confirmApi(run: Run): Promise<void> {
  const { services } = run.policy;
  if (services !== undefined) await run.confirmLock(`service/${services.api}`);
}

async function restoreGoesOn(run: Run): Promise<boolean> {
  const { holder } = await underTitle('Does a restore go on?', () =>
    inspectLock({ lockId: `lock/${run.policy.stack}/database` }),
  );
  return holder?.procedure === 'restoreDatabase';
}
