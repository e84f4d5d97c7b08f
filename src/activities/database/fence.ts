import type pg from 'pg';
import type { DatabaseIdentity } from '../contract/database.ts';
import { currentOwner } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { withDatabaseLock } from './advisory-lock.ts';
import { findByOid } from './databases.ts';
import { quoted } from './identifiers.ts';

/** Makes a database read-only for new sessions and ends the open ones. A client can still override it. */
export async function fenceWrites(setting: Setting, { oid }: DatabaseIdentity): Promise<void> {
  const { workflowId, runId } = currentOwner(setting.stack.stack);
  await withDatabaseLock(setting, async ({ client }) => {
    const found = await findByOid(client, oid);
    if (found === undefined) return;
    await client.query(
      'insert into hermes_ops.fenced (oid, workflow_id, run_id) values ($1, $2, $3) on conflict (oid) do nothing',
      [oid, workflowId, runId],
    );
    await client.query(`alter database ${quoted(found.name)} set default_transaction_read_only = on`);
    await endSessions(client, oid);
  });
}

/** Lets new sessions write again, and ends those that may not. Only where this product fenced. */
export async function liftFence(setting: Setting, { oid }: DatabaseIdentity): Promise<void> {
  await withDatabaseLock(setting, ({ client }) => lift(client, oid));
}

/** Lifts the fences of runs that are over: a terminated one runs no code, and customers could not write any more. */
export async function liftFencesOfEndedRuns(setting: Setting, client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ oid: string; workflowId: string; runId: string }>(
    'select oid::text, workflow_id as "workflowId", run_id as "runId" from hermes_ops.fenced',
  );
  const lifted: string[] = [];
  for (const { oid, ...run } of rows) {
    if (await setting.isAlive(run)) continue;
    const found = await findByOid(client, Number(oid));
    await lift(client, Number(oid));
    if (found !== undefined) lifted.push(found.name);
  }
  return lifted;
}

async function lift(client: pg.Client, oid: number): Promise<void> {
  const { rowCount } = await client.query('select from hermes_ops.fenced where oid = $1', [oid]);
  if (rowCount === 0) return;
  const found = await findByOid(client, oid);
  if (found !== undefined) {
    await client.query(`alter database ${quoted(found.name)} reset default_transaction_read_only`);
    await endSessions(client, oid);
  }
  await client.query('delete from hermes_ops.fenced where oid = $1', [oid]);
}

async function endSessions(client: pg.Client, oid: number): Promise<void> {
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datid = $1 and pid <> pg_backend_pid()',
    [oid],
  );
}
