import { problem } from '../../problem.ts';
import { type Manifest, readSameManifest } from '../backups/manifest.ts';
import type { RestoreBesideRequest, ShadowDatabase } from '../contract/database.ts';
import { jobExists, removeJob, runJob } from '../docker/job-container.ts';
import { currentOwner, type Owner } from '../owner.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { type DatabaseLock, withDatabaseLock } from './advisory-lock.ts';
import { withConnection } from './connection.ts';
import { applyDatabaseSettings, creationClauses, readDatabaseSettings } from './database-settings.ts';
import { type DatabaseEntry, findByName, isOwnedBy, writeMark } from './databases.ts';
import { quoted, shadowName } from './identifiers.ts';
import { createMarked, listWithUnmarked } from './making.ts';
import { restoreJob, restoreStep } from './restore-job.ts';
import { recordRestore } from './restore-speed.ts';
import { jobProblem } from './tools-job.ts';

/**
 * Restores a backup into a database beside the live one. An attempt that finds the work of an earlier one goes on
 * from there: restored, it returns; with its job still running, it waits; otherwise it begins again.
 */
export async function restoreBeside(
  setting: Setting,
  request: RestoreBesideRequest,
): Promise<ShadowDatabase> {
  const owner = currentOwner(setting.stack.stack);
  const name = shadowName(request.live.name, owner.runId);
  return withDatabaseLock(setting, async (lock) => {
    const found = (await listWithUnmarked(lock.client)).find((entry) => entry.name === name);
    if (!isOwnedBy(found?.mark, owner) || found?.mark?.restoredInMs === undefined) {
      await restoreNow(setting, lock, { ...request, name, found, owner });
      await removeJob(setting, restoreStep);
    }
    return measured(lock, name);
  });
}

interface Restoring extends RestoreBesideRequest {
  name: string;
  found: DatabaseEntry | undefined;
  owner: Owner;
}

async function restoreNow(setting: Setting, lock: DatabaseLock, restoring: Restoring): Promise<void> {
  const { name, owner, backupId, digest } = restoring;
  // Hours may have passed since a person read the plan.
  const manifest = await readSameManifest(setting.stack.backups.directory, backupId, digest);
  const goesOn = isOwnedBy(restoring.found?.mark, owner) && (await jobExists(setting, restoreStep));
  if (!goesOn) await beginAnew(setting, lock, restoring);
  await lock.assertHeld();
  const startedMs = Date.now();
  const outcome = await runJob(setting, await restoreJob(setting, backupId, name), () =>
    reportRestored(lock, name, manifest.databaseBytes),
  );
  if (outcome.exitCode !== 0) {
    // A next attempt must not take this one's failure for its own.
    await removeJob(setting, restoreStep);
    throw jobProblem('JobFailed', `pg_restore of ${backupId} failed`, outcome);
  }
  await finishShadow(setting, lock, restoring);
  const restoredInMs = Math.max(1, Date.now() - Math.min(startedMs, Date.parse(outcome.startedAt)));
  await markRestored(lock, restoring, manifest, restoredInMs);
}

async function markRestored(
  { client }: DatabaseLock,
  { name, owner }: Restoring,
  { databaseBytes }: Manifest,
  restoredInMs: number,
): Promise<void> {
  const made = await findByName(client, name);
  if (made === undefined) throw problem('Unreachable', { what: `The restored database ${name} is gone.` });
  await client.query('begin');
  await writeMark(client, made, { ...owner, purpose: 'shadow', restoredInMs, comment: null });
  await recordRestore(client, databaseBytes, restoredInMs);
  await client.query('commit');
}

/** Whatever an earlier attempt left half done goes first. */
async function beginAnew(
  setting: Setting,
  lock: DatabaseLock,
  { name, found, owner, live }: Restoring,
): Promise<void> {
  await removeJob(setting, restoreStep);
  if (found !== undefined) {
    if (!isOwnedBy(found.mark, owner)) {
      throw problem('UnsafeToRestore', {
        what: `A database ${name} exists that this run did not make.`,
        state: 'Nothing was changed.',
        next: 'Rename it, or drop it if nobody needs it.',
      });
    }
    await lock.client.query(`drop database if exists ${quoted(name)} with (force)`);
  }
  reportProgress('Creating the database beside the live one');
  await createMarked(lock.client, name, await creationClauses(lock.client, live.oid), owner);
}

/** What a restore alone leaves out: statistics for the planner, and what belongs to a database without being in it. */
async function finishShadow(setting: Setting, lock: DatabaseLock, { name, live }: Restoring): Promise<void> {
  reportProgress('Gathering statistics for the planner', 1);
  await withConnection(setting, name, { applicationName: 'hermes-ops analyzes' }, (client) =>
    client.query('analyze'),
  );
  await applyDatabaseSettings(lock.client, name, await readDatabaseSettings(lock.client, live.oid));
}

async function reportRestored({ client }: DatabaseLock, name: string, expectedBytes: number): Promise<void> {
  const { rows } = await client.query<{ bytes: string }>('select pg_database_size($1::name)::text as bytes', [
    name,
  ]);
  const bytes = Number(rows[0]?.bytes ?? 0);
  reportProgress(
    `Restored ${Math.round(bytes / 1e6)} of about ${Math.round(expectedBytes / 1e6)} MB`,
    bytes / expectedBytes,
  );
}

async function measured({ client }: DatabaseLock, name: string): Promise<ShadowDatabase> {
  const entry = await findByName(client, name);
  const { rows } = await client.query<{ bytes: string }>('select pg_database_size($1::name)::text as bytes', [
    name,
  ]);
  if (entry === undefined) throw problem('Unreachable', { what: `The restored database ${name} is gone.` });
  return {
    name,
    oid: entry.oid,
    sizeBytes: Number(rows[0]?.bytes ?? 0),
    durationMs: entry.mark?.restoredInMs ?? 0,
  };
}
