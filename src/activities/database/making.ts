import type pg from 'pg';
import type { Owner } from '../owner.ts';
import { type DatabaseEntry, findByName, listDatabases, writeMark } from './databases.ts';
import { quoted } from './identifiers.ts';

/**
 * Creates a database and marks it as the owner's. A database cannot be created and marked in one transaction, and a
 * name alone proves nothing (`hermes_restore_20251117` may be somebody's own): so it is announced before.
 */
export async function createMarked(
  client: pg.Client,
  name: string,
  clauses: string,
  owner: Owner,
): Promise<void> {
  await client.query(
    `insert into hermes_ops.making (name, procedure, stack, workflow_id, run_id) values ($1, $2, $3, $4, $5)
     on conflict (name) do nothing`,
    [name, owner.procedure, owner.stack, owner.workflowId, owner.runId],
  );
  await client.query(`create database ${quoted(name)} ${clauses}`);
  const made = await findByName(client, name);
  if (made === undefined) throw new Error(`The new database ${name} is gone`);
  await writeMark(client, made, { ...owner, purpose: 'shadow', comment: null });
  await client.query('delete from hermes_ops.making where name = $1', [name]);
}

/** Every database; one that was announced, and whose maker died before it was marked, counts as marked. */
export async function listWithUnmarked(client: pg.Client): Promise<DatabaseEntry[]> {
  const { rows } = await client.query<Owner & { name: string }>(
    'select name, stack, procedure, workflow_id as "workflowId", run_id as "runId" from hermes_ops.making',
  );
  const announced = new Map(rows.map(({ name, ...owner }) => [name, owner]));
  return (await listDatabases(client)).map((entry) => {
    const owner = announced.get(entry.name);
    if (entry.mark !== undefined || owner === undefined) return entry;
    return { ...entry, mark: { ...owner, oid: entry.oid, purpose: 'shadow', comment: null } };
  });
}

/** Announcements of databases that are not there. Under the lock nobody is just making one. */
export async function forgetUnmade(client: pg.Client): Promise<void> {
  await client.query(
    'delete from hermes_ops.making m where not exists (select from pg_database d where d.datname = m.name)',
  );
}
