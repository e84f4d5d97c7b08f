import type pg from 'pg';
import { problem } from '../../problem.ts';
import type { Manifest } from '../backups/manifest.ts';
import type { DatabaseIdentity } from '../contract/database.ts';

/** What makes a restore impossible, found before anything is done. Throws NewerServer, UnknownRole, UnsafeToRestore. */
export async function refuseUnsafe(
  client: pg.Client,
  live: DatabaseIdentity,
  manifest: Manifest,
): Promise<void> {
  const { rows: version } = await client.query<{ server_version_num: string }>('show server_version_num');
  const major = (versionNum: number): number => Math.floor(versionNum / 10_000);
  const serverMajor = major(Number(version[0]?.server_version_num ?? 0));
  if (major(manifest.serverVersionNum) > serverMajor) {
    throw problem('NewerServer', {
      what: `Backup ${manifest.backupId} is of PostgreSQL ${manifest.serverVersion}; the server is version ${serverMajor}.`,
      state: 'Nothing was changed.',
      next: `Choose a backup taken from version ${serverMajor} or older, or upgrade the server.`,
    });
  }
  const { rows: missing } = await client.query<{ role: string }>(
    'select r as role from unnest($1::text[]) r where not exists (select from pg_roles where rolname = r)',
    [manifest.roles],
  );
  if (missing.length > 0) {
    throw problem('UnknownRole', {
      what: `The backup's objects belong to roles that the server lacks: ${missing.map(({ role }) => role).join(', ')}.`,
      state: 'Nothing was changed.',
      next: 'Create these roles first.',
    });
  }
  await refuseWithoutRights(client, live);
  const { rows: prepared } = await client.query<{ gid: string }>(
    'select gid from pg_prepared_xacts where database = $1',
    [live.name],
  );
  if (prepared.length > 0) {
    throw problem('UnsafeToRestore', {
      what: `${live.name} has ${prepared.length} prepared transactions, which forbid the swap.`,
      state: 'Nothing was changed.',
      next: 'Commit or roll back the prepared transactions first.',
    });
  }
}

/** The swap needs rights that a dump does not: found out in the worst hour, they would cost a whole restore. */
async function refuseWithoutRights(client: pg.Client, live: DatabaseIdentity): Promise<void> {
  const { rows } = await client.query<{ user: string; lacks: string[] }>(
    `select current_user::text as user, array_remove(array[
              case when not r.rolcreatedb then 'CREATEDB' end,
              case when not pg_has_role(d.datdba, 'member') then format('the membership of %s', pg_get_userbyid(d.datdba)) end,
              case when not pg_has_role('pg_signal_backend', 'member') then 'the membership of pg_signal_backend' end,
              case when not has_database_privilege(current_database(), 'create') then format('CREATE on database %s', current_database()) end], null) as lacks
       from pg_roles r, pg_database d where r.rolname = current_user and d.oid = $1 and not r.rolsuper`,
    [live.oid],
  );
  const [row] = rows;
  if (row === undefined || row.lacks.length === 0) return;
  throw problem('UnsafeToRestore', {
    what: `The user ${row.user} may not swap ${live.name}: it lacks ${row.lacks.join(' and ')}.`,
    state: 'Nothing was changed.',
    next: 'Grant that, or name another user in `database.user` of the stack file.',
  });
}

/** What a restore would leave behind with the old database: a person must know it before saying yes. */
export async function warningsOf(client: pg.Client, live: DatabaseIdentity): Promise<string[]> {
  const { rows: slots } = await client.query<{ name: string }>(
    'select slot_name as name from pg_replication_slots where database = $1',
    [live.name],
  );
  const { rows: subscriptions } = await client.query<{ name: string }>(
    'select subname as name from pg_subscription where subdbid = $1',
    [live.oid],
  );
  const { rows: cron } = await client.query<{ setting: string }>(
    `select setting from pg_settings where name = 'cron.database_name' and setting = $1`,
    [live.name],
  );
  return [
    ...slots.map(
      ({ name }) =>
        `the replication slot ${name} stays with the old database: its reader must be set up again`,
    ),
    ...subscriptions.map(({ name }) => `the subscription ${name} stays with the old database`),
    ...(cron.length > 0
      ? ['pg_cron runs in this database: its scheduler ends with the swap until PostgreSQL restarts']
      : []),
  ];
}
