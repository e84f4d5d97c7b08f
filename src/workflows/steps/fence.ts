import { proxyActivities } from '@temporalio/workflow';
import type { DatabaseActivities, DatabaseIdentity } from '../../activities/contract/database.ts';
import type { StackPolicy } from '../../activities/contract/runs.ts';
import type { ContainerActivities } from '../../activities/contract/service.ts';
import { shortChange } from './policies.ts';
import type { Run } from './run.ts';
import { lockApiForRestore } from './service-locks.ts';

const { fenceWrites, liftFence } = proxyActivities<DatabaseActivities>(shortChange);
const { stopApi, startApi } = proxyActivities<ContainerActivities>(shortChange);

export interface Fence {
  /** Lets customers write again, into the restored database. */
  afterSwap(): Promise<void>;
  /** Lets them write again into the old one, after a rollback. */
  afterRollback(): Promise<void>;
}

/**
 * Keeps writes out of the live database while a restore runs, as asked: `none` lets them in (they stay in the old
 * database, counted), `read-only` refuses them, `stop` stops the api. The way back lifts it.
 */
export async function fenceWritesOf(
  run: Run,
  kind: StackPolicy['fence'],
  live: DatabaseIdentity,
): Promise<Fence> {
  if (kind === 'read-only') {
    const lift = () => liftFence({ database: live });
    run.onFailure('Let customers write again', lift);
    await run.change('Make the live database read-only', () => fenceWrites({ database: live }));
    return {
      afterSwap: () => Promise.resolve(),
      afterRollback: () => run.change('Let customers write again', lift),
    };
  }
  if (kind === 'stop') {
    await lockApiForRestore(run);
    run.onFailure('Start the api again', () => startApi());
    await run.change('Stop the api', () => stopApi());
    return {
      afterSwap: async () => {
        await run.change('Start the api', () => startApi());
      },
      afterRollback: () => Promise.resolve(),
    };
  }
  return { afterSwap: () => Promise.resolve(), afterRollback: () => Promise.resolve() };
}
