import { Client } from 'pg';
import { expect, vi } from 'vitest';
import { createBackupsActivities } from '../../../src/activities/backups/activities.ts';
import type {
  BackupsActivities,
  DumpRequest,
  VerifiedBackup,
} from '../../../src/activities/contract/backups.ts';
import { runningContainer } from '../../../src/activities/docker/service-containers.ts';
import { type ComposeProject, createComposeProject, password } from './compose-project.ts';
import { type Attempt, attemptOf } from './run.ts';

export type Row = Record<string, unknown>;

/** A PostgreSQL server as a compose service, with a database of its own. */
export interface TestServer extends ComposeProject {
  database: string;
  /** A session that the test ends itself. */
  session(database?: string): Promise<Client>;
  /** One statement, or several without parameters, in a session of its own. */
  sql(text: string, parameters?: unknown[], database?: string): Promise<Row[]>;
}

export async function startServer(
  database = 'hermes',
  stackFile: Record<string, unknown> = {},
): Promise<TestServer> {
  const project = await createComposeProject({ database: { name: database }, ...stackFile });
  await project.run('postgres', {
    Env: [`POSTGRES_PASSWORD=${password}`],
    Cmd: ['postgres', '-c', 'fsync=off', '-c', 'shared_buffers=128MB', '-c', 'max_wal_size=2GB'],
  });
  const session = async (name = database): Promise<Client> => {
    const { networks } = await runningContainer(project.setting, 'database');
    const client = new Client({
      host: networks[0]?.address ?? '',
      user: 'postgres',
      password,
      database: name,
      application_name: 'test',
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const sql = async (text: string, parameters: unknown[] = [], name = database): Promise<Row[]> => {
    const client = await session(name);
    try {
      return (await client.query<Row>(text, parameters.length === 0 ? undefined : parameters)).rows;
    } finally {
      await client.end();
    }
  };
  await vi.waitFor(async () => sql('select 1', [], 'postgres'), { timeout: 60_000, interval: 200 });
  await sql(`create database ${new Client().escapeIdentifier(database)}`, [], 'postgres');
  return { ...project, database, session, sql };
}

let made = 0;

/** The activities of one run that takes a backup. */
export interface BackupRun {
  backupId: string;
  runId: string;
  activities: BackupsActivities;
  attempt(number?: number): Attempt;
  dump(attempt?: Attempt): ReturnType<BackupsActivities['dumpDatabase']>;
  /** Seals the dump, reads it back, publishes it. */
  publish(): Promise<VerifiedBackup>;
}

export function backupRun(server: TestServer, request: Partial<DumpRequest> = {}): BackupRun {
  const { setting } = server;
  const activities = createBackupsActivities(setting);
  const { runId } = attemptOf();
  made += 1;
  const backupId = `${server.name}-t${made}`;
  const attempt = (number = 1): Attempt => attemptOf({ runId, attempt: number, workflowId: backupId });
  return {
    backupId,
    runId,
    activities,
    attempt,
    dump: async (given = attempt()) =>
      given.do(() =>
        activities.dumpDatabase({ backupId, kind: 'manual', by: 'test', reason: 'test', ...request }),
      ),
    publish: async () => {
      await attempt().do(() => activities.sealBackup({ backupId }));
      return attempt().do(() => activities.readBackAndPublish({ backupId }));
    },
  };
}

/** Waits until sessions of that name are in the wanted state, as the server sees them. */
export async function untilSessions(
  server: TestServer,
  applicationName: string,
  condition: string,
  count = 1,
): Promise<void> {
  await vi.waitFor(
    async () => {
      const rows = await server.sql(
        `select pid from pg_stat_activity where application_name = $1 and ${condition}`,
        [applicationName],
        'postgres',
      );
      expect(rows.length).toBeGreaterThanOrEqual(count);
    },
    { timeout: 60_000, interval: 50 },
  );
}

/** How often the containers of a run were started, by the engine's own record. */
export async function startsOf(server: TestServer, runId: string, step: string): Promise<number> {
  const until = Math.ceil(Date.now() / 1000);
  const events = await server.docker.getEvents({
    since: until - 3600,
    until,
    filters: {
      type: ['container'],
      event: ['start'],
      label: [`hermes-ops.run=${runId}`, `hermes-ops.step=${step}`],
    },
  });
  let text = '';
  for await (const chunk of events) text += String(chunk);
  return text.split('\n').filter((line) => line.trim() !== '').length;
}
