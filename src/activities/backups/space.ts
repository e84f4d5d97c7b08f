import { mkdir, statfs } from 'node:fs/promises';
import { problem } from '../../problem.ts';
import type { BackupSpace } from '../contract/backups.ts';
import { withConnection } from '../database/connection.ts';
import type { Setting } from '../setting.ts';

/** A compressed dump of text is a third to a half of the database; one of noise is all of it. */
const dumpShare = 0.6;

/** Whether a dump fits. Throws NotEnoughSpace, UnknownDatabase. */
export async function checkBackupSpace(setting: Setting): Promise<BackupSpace> {
  const { backups, database } = setting.stack;
  await mkdir(backups.directory, { recursive: true, mode: 0o700 });
  const look = await withConnection(
    setting,
    database.name,
    { applicationName: 'hermes-ops looks' },
    async (client) => {
      const { rows } = await client.query<{ bytes: string; version: string }>(
        `select pg_database_size(current_database())::text as bytes, current_setting('server_version') as version`,
      );
      return { databaseBytes: Number(rows[0]?.bytes ?? 0), serverVersion: rows[0]?.version ?? 'unknown' };
    },
  );
  const { bavail, bsize } = await statfs(backups.directory);
  const freeBytes = bavail * bsize;
  const neededBytes = Math.ceil(look.databaseBytes * dumpShare) + backups.minimumFreeBytes;
  if (freeBytes < neededBytes) {
    const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MiB`;
    throw problem('NotEnoughSpace', {
      what: `${backups.directory} has ${mebibytes(freeBytes)} free; a backup needs ${mebibytes(neededBytes)} (a dump and \`backups.minimumFreeSpace\`).`,
      state: 'Nothing was written.',
      next: 'Make room there, or lower `backups.keepDays` in the stack file.',
    });
  }
  return { database: database.name, ...look, freeBytes, neededBytes };
}
