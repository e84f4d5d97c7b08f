import { proxyActivities } from '@temporalio/workflow';
import type { BackupsActivities, VerifiedBackup } from '../activities/contract/backups.ts';
import { backupDatabaseProcedure } from '../procedures/backup-database.ts';
import { quickLook, shortChange } from './steps/policies.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';
import { sweepDatabaseLeftovers } from './steps/sweep.ts';
import { takeBackup } from './steps/take-backup.ts';
import { counted, spokenSize } from './steps/words.ts';

const { checkBackupSpace } = proxyActivities<BackupsActivities>(quickLook);
const { pruneBackups } = proxyActivities<BackupsActivities>(shortChange);

export interface BackupReport {
  backup: VerifiedBackup;
  pruned: string[];
}

/** Dumps the database, reads the dump back, and only then calls it a backup. Runbook: Database Backup & Restore. */
export async function backupDatabase(raw: unknown): Promise<ProcedureResult<BackupReport>> {
  return procedure(backupDatabaseProcedure, raw, async (run, input) => {
    await run.lock('database');
    const space = await run.step('Check the free space', () => checkBackupSpace());
    run.plan(
      [
        `Dump ${space.database} (${spokenSize(space.databaseBytes)}, PostgreSQL ${space.serverVersion})`,
        `needs up to ${spokenSize(space.neededBytes)}; ${spokenSize(space.freeBytes)} are free`,
        'then read it back, and remove backups past their age',
      ],
      space,
    );
    await sweepDatabaseLeftovers(run);

    const backup = await takeBackup(run, input.kind, run.reason);
    const { removed } = await run.change(
      'Remove backups past their age',
      () => pruneBackups({ protect: [backup.backupId] }),
      (pruned) => (pruned.removed.length === 0 ? 'none' : pruned.removed.join(', ')),
    );
    return {
      summary: `Backup ${backup.backupId}: ${counted(backup.rows, 'row')}, ${spokenSize(backup.sizeBytes)}, read back.`,
      report: { backup, pruned: removed },
    };
  });
}
