import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { vi } from 'vitest';
import { createBackupsActivities } from '../../../src/activities/backups/activities.ts';
import type { VerifiedBackup } from '../../../src/activities/contract/backups.ts';
import type {
  DatabaseActivities,
  DatabaseIdentity,
  ShadowDatabase,
} from '../../../src/activities/contract/database.ts';
import { createDatabaseActivities } from '../../../src/activities/database/activities.ts';
import type { Setting } from '../../../src/activities/setting.ts';
import { createComposeProject, password, type ComposeProject } from './compose-project.ts';
import { type Attempt, attemptOf } from './run.ts';

/** A PostgreSQL of the test's own, in a compose project of its own, with a database `hermes` in it. */
export interface DatabaseServer {
  project: ComposeProject;
  /** Where it is now: a server that was killed may come back elsewhere. */
  address(): Promise<string>;
  /** Run ids that count as alive; all others are over. */
  alive: Set<string>;
  setting: Setting;
  database: DatabaseActivities;
  /** The same server as another stack's. */
  as(stack: Partial<Setting['stack']['database']>): Setting;
  connect(database?: string): Promise<Client>;
  sql<Row extends object>(query: string, database?: string, values?: unknown[]): Promise<Row[]>;
  /** Names of all databases but the server's own. */
  names(): Promise<string[]>;
  identity(name: string): Promise<DatabaseIdentity>;
  container: Awaited<ReturnType<ComposeProject['run']>>;
}

const serverOptions = {
  max_connections: '100',
  max_prepared_transactions: '5',
  wal_level: 'logical',
  fsync: 'off',
  // An answer is what the test waits for.
  checkpoint_timeout: '1h',
};

export async function startDatabaseServer(): Promise<DatabaseServer> {
  const project = await createComposeProject({
    database: { name: 'hermes', user: 'postgres' },
    restore: { parallelJobs: 2 },
  });
  const container = await project.run('postgres', {
    Env: [`POSTGRES_PASSWORD=${password}`, 'POSTGRES_DB=hermes'],
    Cmd: [
      'postgres',
      ...Object.entries(serverOptions).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
  });
  const address = async (): Promise<string> => {
    const { NetworkSettings } = await container.inspect();
    return NetworkSettings.Networks[project.network]?.IPAddress ?? '';
  };
  const alive = new Set<string>();
  const setting: Setting = {
    ...project.setting,
    isAlive: ({ runId }) => Promise.resolve(alive.has(runId)),
  };
  const connect = async (database = 'hermes'): Promise<Client> => {
    const client = new Client({ host: await address(), user: 'postgres', password, database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const sql: DatabaseServer['sql'] = async (query, database, values = []) => {
    const client = await connect(database);
    try {
      return (await client.query(query, values)).rows;
    } finally {
      await client.end();
    }
  };
  await vi.waitFor(() => sql('select 1'), { timeout: 60_000, interval: 200 });
  return {
    project,
    container,
    address,
    alive,
    setting,
    database: createDatabaseActivities(setting),
    as: (database) => ({
      ...setting,
      stack: { ...setting.stack, database: { ...setting.stack.database, ...database } },
    }),
    connect,
    sql,
    names: async () =>
      (
        await sql<{ datname: string }>(
          `select datname from pg_database where not datistemplate and datname <> 'postgres' order by 1`,
          'postgres',
        )
      ).map(({ datname }) => datname),
    identity: async (name) => {
      const [row] = await sql<{ oid: string }>(
        'select oid::text from pg_database where datname = $1',
        'postgres',
        [name],
      );
      if (row === undefined) throw new Error(`There is no database ${name}`);
      return { name, oid: Number(row.oid) };
    },
  };
}

/** A backup of the setting's database, read back and published. */
export async function takeBackup(
  setting: Setting,
  backupId = `backup-${randomUUID().slice(0, 8)}`,
): Promise<VerifiedBackup> {
  const backups = createBackupsActivities(setting);
  return attemptOf().do(async () => {
    await backups.checkBackupSpace();
    await backups.dumpDatabase({ backupId, kind: 'manual', by: 'chris', reason: 'a test' });
    await backups.sealBackup({ backupId });
    return backups.readBackAndPublish({ backupId });
  });
}

/** Restores a backup beside the live database, in the run of the attempt. */
export async function restoreIn(
  attempt: Attempt,
  setting: Setting,
  live: DatabaseIdentity,
  { backupId, digest }: Pick<VerifiedBackup, 'backupId' | 'digest'>,
): Promise<ShadowDatabase> {
  return attempt.do(() => createDatabaseActivities(setting).restoreBeside({ backupId, digest, live }));
}

export function inHours(hours: number): string {
  return new Date(Date.now() + hours * 3_600_000).toISOString();
}
