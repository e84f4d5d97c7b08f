import { rename } from 'node:fs/promises';
import type { BackupsActivities, VerifiedBackup } from '../contract/backups.ts';
import type { Setting } from '../setting.ts';
import { chooseBackup, listBackups } from './choose.ts';
import { discardPartialBackup, pruneBackups, sweepPartialBackups } from './clean-up.ts';
import { dumpDatabase } from './dump.ts';
import { syncPath } from '../durable-file.ts';
import { backupFolder, exists, partialFolder } from './folder.ts';
import { sealBackup } from './seal.ts';
import { checkBackupSpace } from './space.ts';
import { verifyBackupIn } from './verify.ts';

/** The activities on the backups and their directory. */
export function createBackupsActivities(setting: Setting): BackupsActivities {
  const { directory } = setting.stack.backups;
  return {
    checkBackupSpace: () => checkBackupSpace(setting),
    dumpDatabase: (request) => dumpDatabase(setting, request),
    sealBackup: ({ backupId }) => sealBackup(setting, backupId),
    readBackAndPublish: ({ backupId }) => readBackAndPublish(setting, backupId),
    discardPartialBackup: ({ backupId }) => discardPartialBackup(setting, backupId),
    sweepPartialBackups: () => sweepPartialBackups(setting),
    pruneBackups: ({ protect }) => pruneBackups(setting, protect, new Date()),
    listBackups: () => listBackups(directory),
    chooseBackup: async ({ backup }) => ({ backupId: await chooseBackup(setting, backup, new Date()) }),
    verifyBackup: async ({ backupId }) => {
      backupFolder(directory, backupId);
      return (await verifyBackupIn(setting, backupId, backupId)).verified;
    },
  };
}

/** From the rename on it counts as a backup. Published already is success. */
async function readBackAndPublish(setting: Setting, backupId: string): Promise<VerifiedBackup> {
  const { directory } = setting.stack.backups;
  const published = backupFolder(directory, backupId);
  if (await exists(published)) return (await verifyBackupIn(setting, backupId, backupId)).verified;
  const { verified } = await verifyBackupIn(setting, `.partial-${backupId}`, backupId);
  await rename(partialFolder(directory, backupId), published);
  await syncPath(directory);
  return verified;
}
