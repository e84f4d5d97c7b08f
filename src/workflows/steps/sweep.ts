import { proxyActivities } from '@temporalio/workflow';
import type { BackupsActivities } from '../../activities/contract/backups.ts';
import type { DatabaseActivities } from '../../activities/contract/database.ts';
import type { ContainerActivities } from '../../activities/contract/service.ts';
import { underTitle } from './current-step.ts';
import { shortChange } from './policies.ts';
import type { Run } from './run.ts';

const { sweepJobContainers } = proxyActivities<ContainerActivities>(shortChange);
const { sweepDatabases } = proxyActivities<DatabaseActivities>(shortChange);
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
