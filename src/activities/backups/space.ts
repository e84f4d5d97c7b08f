import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { problem } from '../../problem.ts';
import type { BackupSpace } from '../contract/backups.ts';
import { withConnection } from '../database/connection.ts';
import type { Setting } from '../setting.ts';

/** A compressed dump of text is a third to a half of the database; one of noise is all of it. */
const dumpShare = 0.6;

/** Whether a dump fits. Throws NotEnoughSpace, UnknownDatabase. */
export async function checkBackupSpace(setting: Setting): Promise<BackupSpace> {
  const { backups, database } = setting.stack;
  await makeDirectory(backups.directory);
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

/** Throws StackFile where the directory cannot be made or written. */
export async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw problem(
      'StackFile',
      {
        what: `The directory of the backups, ${directory}, cannot be made or written: ${error instanceof Error ? error.message : String(error)}.`,
        state: 'Nothing was written.',
        next: 'Correct `backups.directory` in the stack file, or whom the directory belongs to.',
      },
      error,
    );
  }
}
