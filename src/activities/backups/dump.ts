import { join } from 'node:path';
import * as v from 'valibot';
import { problem } from '../../problem.ts';
import type { DumpRequest, DumpSummary } from '../contract/backups.ts';
import { withDatabaseLock } from '../database/advisory-lock.ts';
import { backupsMount, jobConnection, jobProblem, toolsJob } from '../database/tools-job.ts';
import { jobExists, type JobOutcome, removeJob, runJob } from '../docker/job-container.ts';
import type { Job } from '../docker/job-settings.ts';
import { currentOwner } from '../owner.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { listBackups } from './choose.ts';
import { exists, partialFolder, readJson, removeFolder, totalBytes } from './folder.ts';
import { writeDurably } from '../durable-file.ts';
import { dumpFolder, inventoryFile } from './manifest.ts';
import { type Snapshot, snapshotSchema, withSnapshot } from './snapshot.ts';
import { checkBackupSpace } from './space.ts';

export const dumpStep = 'dump';
export const ownerFile = 'owner.json';
/** Who asked for it and why: for the manifest. */
export const requestFile = 'request.json';
const snapshotFile = 'snapshot.json';
const outcomeFile = 'outcome.json';
const maxBeginnings = 3;
/**
 * A statement that waits to change a table waits for our snapshot, and pg_dump behind it for its turn: without a
 * limit all three would wait for ever, and customers behind them. In milliseconds.
 */
const lockWaitMs = 5_000;
/** Its worker died before pg_dump had taken the snapshot over, or somebody changes a table: begun anew. */
const passes = /snapshot|(?:lock|statement) timeout|could not obtain lock/i;
const diskFull = /no space left on device/i;

const outcomeSchema = v.object({ dumpBytes: v.number(), durationMs: v.number(), finishedAt: v.string() });
export type DumpOutcome = v.InferOutput<typeof outcomeSchema>;

/**
 * Dumps the database into the backup's partial folder. An attempt that finds an earlier one's dump under way waits
 * for it, and one that finds it done returns what was written down of it.
 */
export async function dumpDatabase(setting: Setting, request: DumpRequest): Promise<DumpSummary> {
  const folder = partialFolder(setting.stack.backups.directory, request.backupId);
  return withDatabaseLock(setting, async (lock) => {
    for (let beginning = 1; !(await exists(join(folder, outcomeFile))); beginning += 1) {
      const goesOn = (await jobExists(setting, dumpStep)) && (await exists(join(folder, snapshotFile)));
      const outcome = goesOn
        ? await watch(setting, request, folder)
        : await begin(setting, request, folder, lock.assertHeld);
      if (outcome.exitCode === 0) await writeOutcome(folder, outcome);
      else if (!passes.test(outcome.log) || beginning === maxBeginnings) {
        // A next attempt must not take this one's failure for its own.
        await removeJob(setting, dumpStep);
        const type = diskFull.test(outcome.log) ? 'NotEnoughSpace' : 'JobFailed';
        throw jobProblem(type, `pg_dump of ${setting.stack.database.name} failed`, outcome);
      }
      await removeJob(setting, dumpStep);
    }
    await removeJob(setting, dumpStep);
    return summaryOf(request.backupId, folder);
  });
}

/** What the dump's snapshot held, and how the dump ended. */
export async function readDump(folder: string): Promise<{ snapshot: Snapshot; outcome: DumpOutcome }> {
  const snapshot = v.safeParse(snapshotSchema, await readJson(join(folder, snapshotFile)));
  const outcome = v.safeParse(outcomeSchema, await readJson(join(folder, outcomeFile)));
  if (snapshot.success && outcome.success) return { snapshot: snapshot.output, outcome: outcome.output };
  throw problem('DamagedBackup', {
    what: `The partial backup in ${folder} is not complete.`,
    next: 'Start a new backup.',
  });
}

/** A snapshot, what is in it, and then the job. The snapshot stays open as long as this worker lives. */
async function begin(
  setting: Setting,
  request: DumpRequest,
  folder: string,
  assertHeld: () => Promise<void>,
): Promise<JobOutcome> {
  await assertHeld();
  await checkBackupSpace(setting);
  await removeJob(setting, dumpStep);
  await removeFolder(folder);
  await writeDurably(join(folder, ownerFile), JSON.stringify(currentOwner(setting.stack.stack)));
  const { kind, by, reason } = request;
  await writeDurably(join(folder, requestFile), JSON.stringify({ kind, by, reason }));
  reportProgress('Locking the tables, counting their rows');
  return withSnapshot(setting, async (snapshot) => {
    await writeDurably(join(folder, inventoryFile), JSON.stringify(snapshot.inventory));
    await writeDurably(join(folder, snapshotFile), JSON.stringify(snapshot));
    await assertHeld();
    return watch(setting, request, folder);
  });
}

async function watch(setting: Setting, { backupId }: DumpRequest, folder: string): Promise<JobOutcome> {
  const snapshot = v.parse(snapshotSchema, await readJson(join(folder, snapshotFile)));
  const job = await dumpJob(setting, backupId, snapshot.name);
  const expectedBytes = await expectedSize(setting, snapshot);
  return runJob(setting, job, async () => {
    const dumpedBytes = await totalBytes(join(folder, dumpFolder));
    const text = `Dumped ${Math.round(dumpedBytes / 1e6)} MB, compressed`;
    if (expectedBytes === undefined) reportProgress(text);
    else reportProgress(`${text}, of about ${Math.round(expectedBytes / 1e6)}`, dumpedBytes / expectedBytes);
  });
}

/** As much of the database's size as the last backup of it took. */
async function expectedSize(
  { stack }: Setting,
  { database, databaseBytes }: Snapshot,
): Promise<number | undefined> {
  const last = (await listBackups(stack.backups.directory)).find(
    (backup) => backup.problem === undefined && backup.database === database && backup.databaseBytes > 0,
  );
  return last === undefined ? undefined : (last.sizeBytes / last.databaseBytes) * databaseBytes;
}

async function dumpJob(setting: Setting, backupId: string, snapshot: string): Promise<Job> {
  const { database, backups } = setting.stack;
  return toolsJob(setting, {
    step: dumpStep,
    access: 'rw',
    argv: [
      'pg_dump',
      '--format=directory',
      `--jobs=${backups.parallelJobs}`,
      `--compress=${backups.compressionLevel}`,
      `--snapshot=${snapshot}`,
      `--lock-wait-timeout=${lockWaitMs}`,
      // Sealing the backup syncs every file.
      '--no-sync',
      '--no-password',
      `--file=${backupsMount}/.partial-${backupId}/${dumpFolder}`,
      `--dbname=${jobConnection(setting, database.name, 'hermes-ops dump')}`,
    ],
  });
}

async function writeOutcome(folder: string, { startedAt, finishedAt }: JobOutcome): Promise<void> {
  const outcome: DumpOutcome = {
    dumpBytes: await totalBytes(join(folder, dumpFolder)),
    durationMs: Date.parse(finishedAt) - Date.parse(startedAt),
    finishedAt,
  };
  await writeDurably(join(folder, outcomeFile), JSON.stringify(outcome));
}

async function summaryOf(backupId: string, folder: string): Promise<DumpSummary> {
  const { snapshot, outcome } = await readDump(folder);
  return {
    backupId,
    tables: snapshot.tables.length,
    rows: snapshot.tables.reduce((sum, { rows }) => sum + rows, 0),
    dumpBytes: outcome.dumpBytes,
    durationMs: outcome.durationMs,
  };
}
