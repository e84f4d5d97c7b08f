import type { Setting } from '../setting.ts';
import type { Job } from '../docker/job-settings.ts';
import { backupsMount, jobConnection, toolsJob } from './tools-job.ts';

export const restoreStep = 'restore';

/** `pg_restore` into a database of its own. It stops at the first error: an exit of 0 is all or nothing. */
export async function restoreJob(setting: Setting, backupId: string, database: string): Promise<Job> {
  return toolsJob(setting, {
    step: restoreStep,
    access: 'ro',
    argv: [
      'pg_restore',
      '--exit-on-error',
      '--no-password',
      // A second subscription would take the first one's place at its publisher.
      '--no-subscriptions',
      `--jobs=${setting.stack.restore.parallelJobs}`,
      `--dbname=${jobConnection(setting, database, 'hermes-ops restore')}`,
      `${backupsMount}/${backupId}/dump`,
    ],
  });
}
