import { problem } from '../../problem.ts';
import type { DatabaseIdentity, DatabaseLeftovers } from '../contract/database.ts';
import { removeJob } from '../docker/job-container.ts';
import { currentOwner } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { type DatabaseLock, withDatabaseLock } from './advisory-lock.ts';
import { type DatabaseEntry, findByOid, isOwnedBy, listDatabases } from './databases.ts';
import { quoted, runOfShadowName, shadowName } from './identifiers.ts';
import { restoreStep } from './restore-job.ts';

/** Drops a database that this product made or set aside. Gone already is success; the live one never. */
export async function dropDatabase(setting: Setting, { oid, name }: DatabaseIdentity): Promise<void> {
  await withDatabaseLock(setting, async (lock) => {
    const found = await findByOid(lock.client, oid);
    if (found === undefined) return;
    if (found.mark === undefined) throw notOurs(found, name);
    await drop(setting, lock, found);
  });
}

/** Removes this run's shadow and its job. */
export async function discardShadow(setting: Setting): Promise<void> {
  const owner = currentOwner(setting.stack.stack);
  await withDatabaseLock(setting, async (lock) => {
    await removeJob(setting, restoreStep);
    const name = shadowName(setting.stack.database.name, owner.runId);
    for (const entry of await listDatabases(lock.client)) {
      const ours = entry.mark === undefined ? entry.name === name : isOwnedBy(entry.mark, owner);
      if (ours && (entry.mark === undefined || entry.mark.purpose === 'shadow'))
        await drop(setting, lock, entry);
    }
  });
}

/** Drops shadows of runs that are over, and what was kept past its date. */
export async function sweepDatabases(setting: Setting): Promise<DatabaseLeftovers> {
  const leftovers: DatabaseLeftovers = { dropped: [], kept: [] };
  await withDatabaseLock(setting, async (lock) => {
    for (const entry of await listDatabases(lock.client)) {
      const reason = await reasonToKeep(setting, entry);
      if (reason === undefined) {
        await drop(setting, lock, entry);
        leftovers.dropped.push(entry.name);
      } else if (reason !== 'not ours') leftovers.kept.push({ name: entry.name, reason });
    }
  });
  return leftovers;
}

/** Why a database stays; undefined when nobody needs it any more. */
async function reasonToKeep(setting: Setting, { name, mark }: DatabaseEntry): Promise<string | undefined> {
  const { stack } = setting;
  if (name === stack.database.name) return 'not ours';
  if (mark === undefined) {
    // Its run died between making it and marking it; under the lock nobody is just doing that.
    return runOfShadowName(stack.database.name, name) === undefined ? 'not ours' : undefined;
  }
  if (mark.stack !== stack.stack) return 'not ours';
  if (await setting.isAlive(mark)) return 'its run is alive';
  const { keepUntil } = mark;
  return keepUntil !== undefined && Date.parse(keepUntil) > Date.now()
    ? `kept until ${keepUntil}`
    : undefined;
}

async function drop(setting: Setting, { client }: DatabaseLock, { name, oid }: DatabaseEntry): Promise<void> {
  if (name === setting.stack.database.name) throw notOurs({ name }, name);
  const { rows: slots } = await client.query<{ slot_name: string }>(
    'select slot_name from pg_replication_slots where database = $1',
    [name],
  );
  if (slots.length > 0) {
    throw problem('UnsafeToRestore', {
      what: `${name} carries the replication slot ${slots.map(({ slot_name: slot }) => slot).join(', ')}, which would go with it.`,
      state: 'It was not dropped.',
      next: 'Drop the slot first, if nobody reads from it.',
    });
  }
  const found = await findByOid(client, oid);
  if (found?.name === name) await client.query(`drop database if exists ${quoted(name)} with (force)`);
}

function notOurs({ name }: { name: string }, asked: string): Error {
  return problem('UnsafeToRestore', {
    what: `${name} was neither made nor set aside by hermes-ops${name === asked ? '' : ` (asked for as ${asked})`}.`,
    state: 'It was not dropped.',
  });
}
