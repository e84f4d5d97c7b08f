import { join } from 'node:path';
import { problem } from '../../problem.ts';
import type { VerifiedBackup } from '../contract/backups.ts';
import { backupsMount, jobProblem, toolsJob } from '../database/tools-job.ts';
import { removeJob, runJob } from '../docker/job-container.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { readDataFile } from './archive-rows.ts';
import { exists, filesBelow } from './folder.ts';
import { dumpFolder, type Manifest, manifestFile, readManifestIn, totalRows } from './manifest.ts';
import { fingerprint } from './seal.ts';

const readStep = 'read-back';

/**
 * Reads a backup in full: the manifest against its own digest, the files against the manifest in number, size and
 * SHA-256, the rows in the archive against the snapshot's, and the archive once more with `pg_restore` itself.
 * Each catches what the others let pass. Throws DamagedBackup, which names the file.
 */
export async function verifyBackupIn(
  setting: Setting,
  folderName: string,
  backupId: string,
): Promise<{ verified: VerifiedBackup; manifest: Manifest }> {
  const folder = join(setting.stack.backups.directory, folderName);
  if (!(await exists(folder))) throw problem('UnknownBackup', { what: `There is no backup ${backupId}.` });
  const manifest = await readManifestIn(folder, backupId);
  if (manifest.backupId !== backupId) throw damaged(backupId, `its manifest is of ${manifest.backupId}`);
  await checkFiles(folder, manifest);
  await readWithPgRestore(setting, folderName, backupId);
  return { manifest, verified: verifiedBackup(manifest) };
}

export function verifiedBackup(manifest: Manifest): VerifiedBackup {
  const { backupId, digest, database, serverVersion, snapshotAt, sizeBytes, databaseBytes, tables } =
    manifest;
  return {
    backupId,
    digest,
    database,
    serverVersion,
    takenAt: snapshotAt,
    sizeBytes,
    databaseBytes,
    tables: tables.length,
    rows: totalRows(manifest),
  };
}

async function checkFiles(folder: string, manifest: Manifest): Promise<void> {
  const { backupId, files } = manifest;
  const there = new Set((await filesBelow(folder)).filter((name) => name !== manifestFile));
  const missing = files.filter(({ name }) => !there.has(name));
  if (missing.length > 0)
    throw damaged(backupId, `files are missing: ${missing.map(({ name }) => name).join(', ')}`);
  const extra = [...there].filter((name) => !files.some((file) => file.name === name));
  if (extra.length > 0) throw damaged(backupId, `files that its manifest does not name: ${extra.join(', ')}`);
  let rows = 0;
  for (const [index, file] of files.entries()) {
    reportProgress(`Reading ${file.name}`, index / files.length);
    const path = join(folder, file.name);
    const data = dataFileOf(file.name);
    const found =
      data === undefined
        ? { ...(await fingerprint(path)), rows: 0 }
        : await readData(path, data, backupId, file.name);
    if (found.sizeBytes !== file.sizeBytes) {
      throw damaged(backupId, `${file.name} has ${found.sizeBytes} bytes, expected ${file.sizeBytes}`);
    }
    if (found.sha256 !== file.sha256)
      throw damaged(backupId, `${file.name} was altered: its SHA-256 is ${found.sha256}`);
    rows += found.rows;
  }
  if (rows !== totalRows(manifest)) {
    throw damaged(backupId, `its archive holds ${rows} rows, its snapshot held ${totalRows(manifest)}`);
  }
}

interface DataKind {
  compressed: boolean;
}

/** Files named `<number>.dat` or `<number>.dat.gz` hold the rows of a table. */
function dataFileOf(name: string): DataKind | undefined {
  const match = new RegExp(`^${dumpFolder}/\\d+\\.dat(\\.gz)?$`).exec(name);
  return match === null ? undefined : { compressed: match[1] !== undefined };
}

async function readData(path: string, { compressed }: DataKind, backupId: string, name: string) {
  try {
    return await readDataFile(path, compressed);
  } catch (error) {
    throw damaged(
      backupId,
      `${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

async function readWithPgRestore(setting: Setting, folderName: string, backupId: string): Promise<void> {
  const job = await toolsJob(setting, {
    step: readStep,
    access: 'ro',
    argv: ['pg_restore', '--file=/dev/null', `${backupsMount}/${folderName}/${dumpFolder}`],
  });
  // Each attempt reads anew: an earlier one's answer may be about files that changed since.
  await removeJob(setting, readStep);
  const outcome = await runJob(setting, job, () => reportProgress('Reading the archive with pg_restore'));
  await removeJob(setting, readStep);
  if (outcome.exitCode !== 0)
    throw jobProblem('DamagedBackup', `pg_restore cannot read backup ${backupId}`, outcome);
}

function damaged(backupId: string, what: string): Error {
  return problem('DamagedBackup', {
    what: `Backup ${backupId} is damaged: ${what}.`,
    state: 'Nothing was changed.',
    next: 'Choose another backup: hermes-ops run list-backups',
  });
}
