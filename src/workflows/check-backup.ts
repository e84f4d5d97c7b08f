import { proxyActivities } from '@temporalio/workflow';
import type { BackupsActivities, VerifiedBackup } from '../activities/contract/backups.ts';
import { checkBackupProcedure } from '../procedures/check-backup.ts';
import { longRead, quickLook } from './steps/policies.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';
import { counted } from './steps/words.ts';

const { chooseBackup } = proxyActivities<BackupsActivities>(quickLook);
const { verifyBackup } = proxyActivities<BackupsActivities>(longRead);

/** Reads one backup in full. Runbook: Database Backup & Restore, "Verify backup". */
export async function checkBackup(raw: unknown): Promise<ProcedureResult<VerifiedBackup>> {
  return procedure(checkBackupProcedure, raw, async (run, input) => {
    const chosen = await run.step('Choose the backup', () => chooseBackup({ backup: input.backup }));
    const report = await run.step('Read it in full', () => verifyBackup(chosen));
    return { summary: `Backup ${report.backupId} is good: ${counted(report.rows, 'row')}.`, report };
  });
}
