import { proxyActivities } from '@temporalio/workflow';
import type { BackupListEntry, BackupsActivities } from '../activities/contract/backups.ts';
import { listBackupsProcedure } from '../procedures/list-backups.ts';
import { quickLook } from './steps/policies.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';
import { counted } from './steps/words.ts';

const activities = proxyActivities<BackupsActivities>(quickLook);

/** Lists the backups, newest first. */
export async function listBackups(raw: unknown): Promise<ProcedureResult<BackupListEntry[]>> {
  return procedure(listBackupsProcedure, raw, async (run) => {
    const report = await run.step('List the backups', () => activities.listBackups());
    return { summary: `${counted(report.length, 'backup')}.`, report };
  });
}
