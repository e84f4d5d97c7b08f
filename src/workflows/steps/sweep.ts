import { proxyActivities } from '@temporalio/workflow';
import type { BackupsActivities } from '../../activities/contract/backups.ts';
import type { DatabaseActivities } from '../../activities/contract/database.ts';
import type { ServiceContainerActivities } from '../../activities/contract/containers.ts';
import type { ContainerActivities } from '../../activities/contract/service.ts';
import { underTitle } from './current-step.ts';
import { shortChange } from './policies.ts';
import type { Run } from './run.ts';

const { sweepJobContainers } = proxyActivities<ContainerActivities>(shortChange);
const { sweepDatabases } = proxyActivities<DatabaseActivities>(shortChange);
const { settleEndedRuns } = proxyActivities<ServiceContainerActivities>(shortChange);
const { sweepPartialBackups } = proxyActivities<BackupsActivities>(shortChange);

export interface Leftovers {
  removed: string[];
  kept: string[];
}

/**
 * Removes what runs that are over (terminated, most often) left behind. Containers first: they still use the rest.
 */
export async function sweepDatabaseLeftovers(run: Run): Promise<Leftovers> {
  return run.change(
    'Remove what ended runs left behind',
    async () => {
      const containers = await underTitle('Remove job containers of ended runs', () => sweepJobContainers());
      const databases = await underTitle('Drop databases of ended runs', () => sweepDatabases());
      const partial = await underTitle('Remove unfinished backups of ended runs', () =>
        sweepPartialBackups(),
      );
      return {
        removed: [...containers.removed, ...databases.dropped, ...partial.removed],
        kept: databases.kept.map(({ name, reason }) => `${name} (${reason})`),
      };
    },
    ({ removed }) => (removed.length === 0 ? 'nothing' : removed.join(', ')),
  );
}

/** Copies of services that ended runs left: they may carry traffic, which goes back to the originals first. */
export async function settleCopies(run: Run, leftovers: Leftovers): Promise<void> {
  await run.lock('proxy');
  const { done, kept } = await run.change(
    'Put services right that ended runs left half changed',
    () => settleEndedRuns(),
    (settled) => [...settled.done, ...settled.kept].join('; ') || 'nothing',
  );
  leftovers.removed.push(...done);
  leftovers.kept.push(...kept);
}
