import { join } from 'node:path';
import { Context } from '@temporalio/activity';
import { problem } from '../../problem.ts';
import type { VerifiedBackup } from '../contract/backups.ts';
import { backupsMount, jobProblem, toolsJob } from '../database/tools-job.ts';
import { removeJob, runJob } from '../docker/job-container.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { readDataFile } from './archive-rows.ts';
import { listBackups } from './choose.ts';
import { exists, filesBelow } from './folder.ts';
import { dumpFolder, type Manifest, manifestFile, readManifestIn, totalRows } from './manifest.ts';
import { fingerprint } from './seal.ts';

export const readStep = 'read-back';
/** Files named `<number>.dat` or `<number>.dat.gz` hold the rows of a table. */
const dataFilePattern = new RegExp(`^${dumpFolder}/\\d+\\.dat(\\.gz)?$`);

/** What pg_restore says of an archive that a newer pg_dump wrote: it is whole. */
const newerArchive = /unsupported version \([\d.]+\) in file header/;

type ManifestFile = Manifest['files'][number];
type Damage = (what: string) => Error;

/**
 * Reads a backup in full: the manifest against its own digest, the files against the manifest in number, size and
 * SHA-256, the rows in the archive against the snapshot's, and the archive once more with `pg_restore` itself.
 * Each catches what the others let pass. Throws DamagedBackup, which names the file, and NewerServer.
 */
export async function verifyBackupIn(
  setting: Setting,
  folderName: string,
  backupId: string,
): Promise<{ verified: VerifiedBackup; manifest: Manifest }> {
  const folder = join(setting.stack.backups.directory, folderName);
  if (!(await exists(folder))) throw problem('UnknownBackup', { what: `There is no backup ${backupId}.` });
  const manifest = await readManifestIn(folder, backupId);
  const damaged = await damageOf(setting, backupId);
  if (manifest.backupId !== backupId) throw damaged(`its manifest is of ${manifest.backupId}`);
  await checkFiles(folder, manifest, damaged);
  await readWithPgRestore(setting, folderName, manifest);
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

async function checkFiles(folder: string, manifest: Manifest, damaged: Damage): Promise<void> {
  const { files } = manifest;
  const there = new Set((await filesBelow(folder)).filter((name) => name !== manifestFile));
  const missing = files.filter(({ name }) => !there.has(name));
  if (missing.length > 0) throw damaged(`files are missing: ${missing.map(described).join(', ')}`);
  const extra = [...there].filter((name) => !files.some((file) => file.name === name));
  if (extra.length > 0) throw damaged(`files that its manifest does not name: ${extra.join(', ')}`);
  const expected = new Map(manifest.tables.map(({ table, rows }) => [table, rows]));
  for (const [index, file] of files.entries()) {
    reportProgress(`Reading ${described(file)}`, index / files.length);
    const { rows } = await checkFile(folder, file, damaged);
    if (rows === undefined) continue;
    const wanted = file.table === undefined ? undefined : expected.get(file.table);
    if (wanted === undefined)
      throw damaged(`${file.name} holds rows of a table that its snapshot did not have`);
    if (wanted !== rows) throw damaged(`${described(file)} holds ${rows} rows, its snapshot held ${wanted}`);
    expected.delete(file.table ?? '');
  }
  if (expected.size > 0) throw damaged(`it has no rows of ${[...expected.keys()].join(', ')}`);
}

/** Reads one file in full. Rows only where it is one with rows. */
async function checkFile(folder: string, file: ManifestFile, damaged: Damage): Promise<{ rows?: number }> {
  const found = await read(join(folder, file.name), file, damaged);
  if (found.sizeBytes !== file.sizeBytes) {
    throw damaged(`${described(file)} has ${found.sizeBytes} bytes, expected ${file.sizeBytes}`);
  }
  if (found.sha256 !== file.sha256) {
    throw damaged(`${described(file)} was altered: its SHA-256 is ${found.sha256}, expected ${file.sha256}`);
  }
  return found;
}

async function read(
  path: string,
  file: ManifestFile,
  damaged: Damage,
): Promise<{ sizeBytes: number; sha256: string; rows?: number }> {
  const data = dataFilePattern.exec(file.name);
  try {
    return data === null ? await fingerprint(path) : await readDataFile(path, data[1] !== undefined);
  } catch (error) {
    // A cancelled procedure ends the reading too: that says nothing of the file.
    if (Context.current().cancellationSignal.aborted) throw error;
    throw damaged(
      `${described(file)} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function described({ name, table }: ManifestFile): string {
  return table === undefined ? name : `${name} (table ${table})`;
}

async function readWithPgRestore(
  setting: Setting,
  folderName: string,
  { backupId, serverVersion }: Manifest,
): Promise<void> {
  const job = await toolsJob(setting, {
    step: readStep,
    access: 'ro',
    argv: ['pg_restore', '--file=/dev/null', `${backupsMount}/${folderName}/${dumpFolder}`],
  });
  // Each attempt reads anew: an earlier one's answer may be about files that changed since.
  await removeJob(setting, readStep);
  const outcome = await runJob(setting, job, () => reportProgress('Reading the archive with pg_restore'));
  await removeJob(setting, readStep);
  if (outcome.exitCode === 0) return;
  if (newerArchive.test(outcome.log)) {
    throw problem('NewerServer', {
      what: `Backup ${backupId} is of PostgreSQL ${serverVersion}, and the server's own pg_restore is too old for it.`,
      state: 'Nothing was changed.',
      next: 'Choose a backup of this server, or upgrade the server.',
    });
  }
  // Exit 1 is pg_restore's own verdict; anything else ended it before it had one.
  throw outcome.exitCode === 1
    ? jobProblem('DamagedBackup', `pg_restore cannot read backup ${backupId}`, outcome)
    : jobProblem(
        'JobFailed',
        `pg_restore could not finish reading backup ${backupId}: it may be good`,
        outcome,
      );
}

/** Makes the problem of a damage; it names the newest other backup that looks usable. */
async function damageOf(setting: Setting, backupId: string): Promise<Damage> {
  const others = await listBackups(setting.stack.backups.directory);
  const other = others.find((entry) => entry.problem === undefined && entry.backupId !== backupId);
  return (what) =>
    problem('DamagedBackup', {
      what: `Backup ${backupId} is damaged: ${what}.`,
      state: 'Nothing was changed.',
      next:
        other === undefined
          ? 'There is no other backup: take one now (hermes-ops run backup-database).'
          : `Choose another: the newest is ${other.backupId}, taken ${other.takenAt.slice(0, 16)}Z.`,
    });
}
