import type { DatabaseIdentity } from '../contract/database.ts';
import { currentOwner } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { withDatabaseLock } from './advisory-lock.ts';
import { findByOid } from './databases.ts';
import { quoted } from './identifiers.ts';
import { ensureJournal } from './journal.ts';

/** Makes a database read-only for new sessions and ends the open ones. A client can still override it. */
export async function fenceWrites(setting: Setting, { oid }: DatabaseIdentity): Promise<void> {
  const { runId } = currentOwner(setting.stack.stack);
  await withDatabaseLock(setting, async ({ client }) => {
    await ensureJournal(client);
    const found = await findByOid(client, oid);
    if (found === undefined) return;
    await client.query('insert into hermes_ops.fence (oid, run_id) values ($1, $2) on conflict do nothing', [
      oid,
      runId,
    ]);
    await client.query(`alter database ${quoted(found.name)} set default_transaction_read_only = on`);
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datid = $1 and pid <> pg_backend_pid()',
      [oid],
    );
  });
}

/** Lets new sessions write again, and ends those that may not. Only where this product fenced. */
export async function liftFence(setting: Setting, { oid }: DatabaseIdentity): Promise<void> {
  await withDatabaseLock(setting, async ({ client }) => {
    await ensureJournal(client);
    const { rowCount } = await client.query('select from hermes_ops.fence where oid = $1', [oid]);
    const found = await findByOid(client, oid);
    if (rowCount === 0 || found === undefined) return;
    await client.query(`alter database ${quoted(found.name)} reset default_transaction_read_only`);
    await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datid = $1 and pid <> pg_backend_pid()',
      [oid],
    );
    await client.query('delete from hermes_ops.fence where oid = $1', [oid]);
  });
}
