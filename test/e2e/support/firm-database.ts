import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ManifestContent, readManifest, sealed } from '../../../src/activities/backups/manifest.ts';
import type { VerifiedBackup } from '../../../src/activities/contract/backups.ts';
import type { DatabaseIdentity, RestorePlan } from '../../../src/activities/contract/database.ts';
import { createDatabaseActivities } from '../../../src/activities/database/activities.ts';
import type { Setting } from '../../../src/activities/setting.ts';
import { type DatabaseServer, startDatabaseServer, takeBackup } from './database-server.ts';
import { firmSchema, firmSettings } from './firm-schema.ts';
import { attemptOf } from './run.ts';

/** A server whose database has one of everything that PostgreSQL knows, and a backup of it. */
export interface FirmDatabase {
  server: DatabaseServer;
  backup: VerifiedBackup;
  live: DatabaseIdentity;
}

export async function startFirmDatabase(): Promise<FirmDatabase> {
  const server = await startDatabaseServer();
  await server.sql(firmSchema);
  await server.sql(firmSettings('hermes'), 'postgres');
  const backup = await takeBackup(server.setting);
  return { server, backup, live: await server.identity('hermes') };
}

export function planOf(
  setting: Setting,
  { backupId, digest }: Pick<VerifiedBackup, 'backupId' | 'digest'>,
): Promise<RestorePlan> {
  return attemptOf().do(() => createDatabaseActivities(setting).planRestore({ backupId, digest }));
}

/** A backup like the real one, whose manifest says something else. Only planning looks no further. */
export async function backupThatSays(
  { server, backup }: FirmDatabase,
  change: Partial<ManifestContent>,
): Promise<VerifiedBackup> {
  const { directory } = server.setting.stack.backups;
  const backupId = `made-up-${randomUUID().slice(0, 8)}`;
  const { digest: _, ...content } = await readManifest(directory, backup.backupId);
  const manifest = sealed({ ...content, ...change, backupId });
  await mkdir(join(directory, backupId));
  await writeFile(join(directory, backupId, 'manifest.json'), JSON.stringify(manifest));
  return { ...backup, backupId, digest: manifest.digest };
}
