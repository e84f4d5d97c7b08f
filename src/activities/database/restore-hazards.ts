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
