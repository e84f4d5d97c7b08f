import { proxyActivities } from '@temporalio/workflow';
import type { BackupKind, BackupsActivities, VerifiedBackup } from '../../activities/contract/backups.ts';
import { longChange, longRead, shortChange } from './policies.ts';
import type { Run } from './run.ts';
import { counted, spokenSize } from './words.ts';

const { dumpDatabase } = proxyActivities<BackupsActivities>(longChange);
const { sealBackup, readBackAndPublish } = proxyActivities<BackupsActivities>(longRead);
const { discardPartialBackup } = proxyActivities<BackupsActivities>(shortChange);

/** Dumps the database, seals the dump, reads it back and publishes it. A dump that fails leaves nothing. */
export async function takeBackup(run: Run, kind: BackupKind, why: string): Promise<VerifiedBackup> {
  const backupId = backupIdOf(run);
  const forget = run.onFailure('Remove the unfinished backup', () => discardPartialBackup({ backupId }));
  const of = kind === 'safety' ? 'the live database, for safety' : 'the database';
  await run.change(
    `Dump ${of}`,
    () => dumpDatabase({ backupId, kind, by: run.by, reason: why }),
    (dump) =>
      `${counted(dump.rows, 'row')} of ${counted(dump.tables, 'table')}, ${spokenSize(dump.dumpBytes)}`,
  );
  await run.change('Write checksums and manifest', () => sealBackup({ backupId }));
  const verified = await run.change(
    'Read the backup back',
    () => readBackAndPublish({ backupId }),
    (backup) => `backup ${backup.backupId} is good`,
  );
  forget();
  return verified;
}

/** Sortable by time, and of one run only. */
function backupIdOf(run: Run): string {
  const stamp = run.startedAt.slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase();
  return `${run.policy.stack}-${stamp}z-${run.runId.replaceAll('-', '').slice(-8)}`;
}
