import type pg from 'pg';
import * as v from 'valibot';
import { problem } from '../../problem.ts';
import { sqlState, withConnection } from '../database/connection.ts';
import { countObjects, type Inventory, inventorySchema, takeInventory } from '../database/inventory.ts';
import { countRows, type DumpedTable, listTables } from '../database/row-counts.ts';
import type { Setting } from '../setting.ts';

/** Short: customers' statements queue behind a lock that is waited for. */
const tableLockTimeoutMs = 10_000;
const listAttempts = 5;
/** What has a smaller number came with the server. */
const firstOwnOid = 16_384;

/** What the dump's own snapshot holds. Written down before the dump starts: a dead worker cannot count it again. */
export const snapshotSchema = v.object({
  /** PostgreSQL's name for the exported snapshot. */
  name: v.string(),
  at: v.string(),
  database: v.string(),
  serverVersion: v.string(),
  serverVersionNum: v.number(),
  databaseBytes: v.number(),
  tables: v.array(v.object({ table: v.string(), oid: v.number(), rows: v.number() })),
  roles: v.array(v.string()),
  inventory: inventorySchema,
});

export type Snapshot = v.InferOutput<typeof snapshotSchema>;

/**
 * Takes a snapshot of the database and counts what is in it, and keeps it open while `act` runs. The tables are
 * locked first (ACCESS SHARE) and the snapshot taken after: a table that is rewritten while the lock waits would
 * otherwise look empty in it, to the dump and to the count alike.
 */
export async function withSnapshot<T>(setting: Setting, act: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const { name } = setting.stack.database;
  const options = {
    applicationName: 'hermes-ops snapshot',
    lockTimeoutMs: tableLockTimeoutMs,
    endsWhenCancelled: true,
  };
  return withConnection(setting, name, options, async (client) => {
    // As pg_dump: a policy that hides rows is an error, not a smaller count.
    await client.query('set row_security = off');
    const tables = await lockTables(client);
    const { rows } = await client.query<
      Omit<Snapshot, 'tables' | 'inventory' | 'roles' | 'databaseBytes'> & { bytes: string }
    >(
      `select pg_export_snapshot() as name, current_database()::text as database,
              to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at,
              current_setting('server_version') as "serverVersion",
              current_setting('server_version_num')::int as "serverVersionNum",
              pg_database_size(current_database())::text as bytes`,
    );
    const [head] = rows;
    if (head === undefined) throw new Error('PostgreSQL exported no snapshot');
    const { bytes, ...rest } = head;
    const counted = await countRows(client, tables);
    const inventory = await takeInventory(client);
    const snapshot = {
      ...rest,
      databaseBytes: Number(bytes),
      tables: counted,
      inventory,
      roles: await rolesOf(client),
    };
    const result = await act(snapshot);
    await client.query('rollback').catch(() => undefined);
    return result;
  });
}

/** Locks every table and returns them; the transaction's snapshot is taken after. */
async function lockTables(client: pg.Client): Promise<DumpedTable[]> {
  for (let attempt = 1; ; attempt += 1) {
    const tables = await listTables(client);
    await client.query('begin isolation level repeatable read, read only');
    if (tables.length > 0) await lock(client, tables);
    // The first query that reads takes the snapshot; a table made or dropped meanwhile shows here.
    const now = await listTables(client);
    if (JSON.stringify(now) === JSON.stringify(tables)) return tables;
    await client.query('rollback');
    if (attempt === listAttempts) {
      throw problem('Unreachable', {
        what: 'Tables are made and dropped faster than a backup can lock them.',
      });
    }
  }
}

async function lock(client: pg.Client, tables: readonly DumpedTable[]): Promise<void> {
  const names = tables.map(({ table }) => table).join(', only ');
  try {
    await client.query(`lock table only ${names} in access share mode`);
  } catch (error) {
    await client.query('rollback');
    const state = sqlState(error);
    // 55P03: the lock timeout. 42P01: a table went away between the list and the lock.
    if (state !== '55P03' && state !== '42P01') throw error;
    const holders = await holdersOf(client, tables);
    throw problem('Unreachable', {
      what: `A table could not be locked for the backup within ${tableLockTimeoutMs / 1000} s: something changes its structure.`,
      state: holders === '' ? 'The session that did it has just left.' : `Held: ${holders}.`,
      next: 'It is tried again. End that session if it was forgotten.',
    });
  }
}

/** Who holds which of the tables so that nobody may even read it. Never the session's query: it has clients' data. */
async function holdersOf(client: pg.Client, tables: readonly DumpedTable[]): Promise<string> {
  const { rows } = await client.query<{ holder: string }>(
    `select distinct format('%s by session %s (%s, %s)', l.relation::regclass, a.pid,
                            coalesce(nullif(a.application_name, ''), a.usename::text), a.state) as holder
       from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.granted and l.mode = 'AccessExclusiveLock' and l.relation = any($1::oid[])`,
    [tables.map(({ oid }) => oid)],
  );
  return rows.map(({ holder }) => holder).join(', ');
}

/** Dependencies name every role but the one that made the server: owners are asked for by name too. */
async function rolesOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ role: string }>(
    `select distinct r.rolname::text as role
       from pg_shdepend s join pg_roles r on r.oid = s.refobjid
      where s.refclassid = 'pg_authid'::regclass and s.dbid = (select oid from pg_database where datname = current_database())
      union select pg_get_userbyid(datdba)::text from pg_database where datname = current_database()
      union select pg_get_userbyid(c.relowner)::text from pg_class c where c.oid >= ${firstOwnOid}
      union select pg_get_userbyid(p.proowner)::text from pg_proc p where p.oid >= ${firstOwnOid}
      union select pg_get_userbyid(n.nspowner)::text from pg_namespace n where n.oid >= ${firstOwnOid}
      order by 1`,
  );
  return rows.map(({ role }) => role);
}

export function objectCounts(inventory: Inventory): Record<string, number> {
  return {
    ...Object.fromEntries(Object.entries(inventory.objects).map(([kind, lines]) => [kind, lines.length])),
    sequence: inventory.sequences.length,
    all: countObjects(inventory),
  };
}
