import type pg from 'pg';
import { problem } from '../../problem.ts';
import type { DatabaseIdentity, DatabaseLeftovers } from '../contract/database.ts';
import { removeJob } from '../docker/job-container.ts';
import { currentOwner } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { type DatabaseLock, withDatabaseLock } from './advisory-lock.ts';
import { type DatabaseEntry, findByOid, isOwnedBy } from './databases.ts';
import { liftFencesOfEndedRuns } from './fence.ts';
import { quoted } from './identifiers.ts';
import { forgetUnmade, listWithUnmarked } from './making.ts';
import { restoreStep } from './restore-job.ts';

/** Drops a database that this product made or set aside. Gone already is success; the live one never. */
export async function dropDatabase(setting: Setting, { oid, name }: DatabaseIdentity): Promise<void> {
  await withDatabaseLock(setting, async (lock) => {
    const found = await findByOid(lock.client, oid);
    if (found === undefined) return;
    if (found.mark?.stack !== setting.stack.stack) throw notOurs(found, name);
    await drop(setting, lock, found);
  });
}

/** Removes this run's shadow and its job. */
export async function discardShadow(setting: Setting): Promise<void> {
  const owner = currentOwner(setting.stack.stack);
  await withDatabaseLock(setting, async (lock) => {
    await removeJob(setting, restoreStep);
    for (const entry of await listWithUnmarked(lock.client)) {
      if (isOwnedBy(entry.mark, owner) && entry.mark?.purpose === 'shadow') await drop(setting, lock, entry);
    }
  });
}

/**
 * Drops shadows of runs that are over, and what was kept past its date; lifts their fences. One that cannot be
 * dropped is named with the reason, and does not keep the others.
 */
export async function sweepDatabases(setting: Setting): Promise<DatabaseLeftovers> {
  const leftovers: DatabaseLeftovers = { dropped: [], kept: [] };
  await withDatabaseLock(setting, async (lock) => {
    await liftFencesOfEndedRuns(setting, lock.client);
    for (const entry of await listWithUnmarked(lock.client)) {
      if (!isOurs(setting, entry)) continue;
      const reason = (await reasonToKeep(setting, entry)) ?? (await hindrance(lock.client, entry));
      if (reason === undefined) {
        await drop(setting, lock, entry);
        leftovers.dropped.push(entry.name);
      } else leftovers.kept.push({ name: entry.name, reason });
    }
    await forgetUnmade(lock.client);
    await lock.client.query(`delete from hermes_ops.turn where at < now() - interval '90 days'`);
  });
  return leftovers;
}

function isOurs({ stack }: Setting, { name, mark }: DatabaseEntry): boolean {
  return name !== stack.database.name && mark?.stack === stack.stack;
}

/** Why a database stays; undefined when nobody needs it any more. */
async function reasonToKeep(setting: Setting, { mark }: DatabaseEntry): Promise<string | undefined> {
  if (mark === undefined) return 'not ours';
  if (await setting.isAlive(mark)) return 'its run is alive';
  const { keepUntil } = mark;
  return keepUntil !== undefined && Date.parse(keepUntil) > Date.now()
    ? `kept until ${keepUntil}`
    : undefined;
}

async function drop(setting: Setting, { client }: DatabaseLock, entry: DatabaseEntry): Promise<void> {
  const { name, oid } = entry;
  if (name === setting.stack.database.name) throw notOurs(entry, name);
  const reason = await hindrance(client, entry);
  if (reason !== undefined) {
    throw problem('UnsafeToRestore', {
      what: `${name} cannot be dropped: ${reason}.`,
      state: 'It was not dropped.',
      next: 'Settle that first, if nobody needs it any more; a sweep drops the database then.',
    });
  }
  const found = await findByOid(client, oid);
  if (found?.name === name) await client.query(`drop database if exists ${quoted(name)} with (force)`);
  await client.query('delete from hermes_ops.fenced where oid = $1', [oid]);
}

/** What would be lost with the database beside its rows, or forbids to drop it. */
async function hindrance(client: pg.Client, { name, oid }: DatabaseIdentity): Promise<string | undefined> {
  const { rows } = await client.query<{ reason: string }>(
    `select format('the replication slot %s would go with it', slot_name) as reason from pg_replication_slots where database = $1
     union all select format('the subscription %s lives in it', subname) from pg_subscription where subdbid = $2
     union all select format('the prepared transaction %s is open in it', gid) from pg_prepared_xacts where database = $1`,
    [name, oid],
  );
  return rows.length === 0 ? undefined : rows.map(({ reason }) => reason).join(', ');
}

function notOurs({ name }: { name: string }, asked: string): Error {
  return problem('UnsafeToRestore', {
    what: `${name} was neither made nor set aside by hermes-ops${name === asked ? '' : ` (asked for as ${asked})`}.`,
    state: 'It was not dropped.',
  });
}
