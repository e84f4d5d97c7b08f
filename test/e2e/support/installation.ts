import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as Database } from 'pg';
import Docker from 'dockerode';
import { Client, Connection } from '@temporalio/client';
import { freePorts } from '../../../scripts/sandbox/ports.ts';
import { type Sandbox, startSandbox, stopSandbox } from '../../../scripts/sandbox/sandbox.ts';
import {
  type SandboxStackOptions,
  sandboxVariables,
  writeSandboxStack,
} from '../../../scripts/sandbox/stack-file.ts';
import { startWorkerProcess, type WorkerProcess } from '../../../scripts/worker-process.ts';
import { ensureTemporalCli } from '../../../src/temporal/cli.ts';
import { type DevServer, startDevServer } from '../../../src/temporal/dev-server.ts';
import { embeddedDatabaseFile } from '../../../src/temporal/locate.ts';
import { type CommandResult, hermesOps } from './command.ts';

/** All of it, for real, and of this test's own: a sandbox, a Temporal server, workers, the command line. */
export interface Installation {
  project: string;
  directory: string;
  backups: string;
  sandbox: Sandbox;
  temporal: DevServer;
  client: Client;
  docker: Docker;
  taskQueue: string;
  /** Environment of the worker and the command line. */
  variables: Record<string, string>;
  startWorker: () => Promise<WorkerProcess>;
  /** Runs `hermes-ops` to its end. */
  hermesOps: (...args: string[]) => Promise<CommandResult>;
  /** Asks the sandbox's PostgreSQL. */
  sql: <Row extends object>(query: string, values?: unknown[], database?: string) => Promise<Row[]>;
  /** Writes the stack file anew; a worker that runs keeps the old one. */
  writeStack: (options: Partial<SandboxStackOptions>) => Promise<void>;
  /** Stops all that was started and removes every file. */
  close: () => Promise<void>;
}

/** A test that runs at two in the morning must not meet the nightly backup or renewal. */
export const schedulesOff = {
  schedules: {
    'backup-database': { enabled: false },
    'sweep-leftovers': { enabled: false },
    'renew-certificate': { enabled: false },
  },
};

/** Sets up an installation under a name of its own. `rows` matters are in its database. */
export async function install(
  name: string,
  { rows = 50_000, undoWindow = '24h', authority = false } = {},
): Promise<Installation> {
  const project = `${name}-${process.pid}`;
  const directory = await mkdtemp(join(tmpdir(), `hermes-ops-${name}-`));
  const stateDirectory = join(directory, 'state');
  const backups = join(directory, 'backups');
  const stackFile = join(directory, 'hermes.yaml');
  const sandbox = await startSandbox({
    stateDirectory,
    project,
    ports: await freePorts(),
    rows,
    healthIntervalS: 30,
    authority,
  });
  const temporal = await startTemporal(stateDirectory);
  const connection = await Connection.connect({ address: temporal.address });
  const workers = new Set<WorkerProcess>();
  const variables = {
    ...sandboxVariables(sandbox),
    HERMES_STACK_FILE: stackFile,
    HERMES_STATE_DIR: stateDirectory,
    METRICS_ADDRESS: 'off',
    LOG_LEVEL: 'WARN',
    USER: 'chris',
  };
  const writeStack = (options: Partial<SandboxStackOptions>): Promise<void> =>
    writeSandboxStack(sandbox, { file: stackFile, backups, undoWindow, sections: schedulesOff, ...options });
  await writeStack({});
  return {
    project,
    directory,
    backups,
    sandbox,
    temporal,
    client: new Client({ connection }),
    docker: new Docker(),
    taskQueue: 'hermes-ops',
    variables,
    writeStack,
    async startWorker() {
      const worker = await startWorkerProcess(variables, join(directory, 'worker.log'));
      workers.add(worker);
      return worker;
    },
    hermesOps: (...args) => hermesOps(variables, args),
    sql: (query, values = [], database = 'hermes') => sql(sandbox, database, query, values),
    async close() {
      for (const worker of workers) await worker.kill();
      await connection.close();
      await temporal.stop();
      await stopSandbox({ stateDirectory, project });
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startTemporal(stateDirectory: string): Promise<DevServer> {
  const log = (): void => undefined;
  const chosenPath = process.env['TEMPORAL_CLI_PATH'];
  const { path } = await ensureTemporalCli({ stateDirectory, chosenPath, log });
  return startDevServer({
    cliPath: path,
    databaseFile: embeddedDatabaseFile(stateDirectory),
    logFile: join(stateDirectory, 'temporal', 'server.log'),
    log,
  });
}

async function sql<Row extends object>(
  { containers, secrets, network }: Sandbox,
  database: string,
  query: string,
  values: unknown[],
): Promise<Row[]> {
  const info = await new Docker().getContainer(containers.postgres).inspect();
  const host = info.NetworkSettings.Networks[network]?.IPAddress;
  const client = new Database({
    ...(host === undefined ? {} : { host }),
    user: 'postgres',
    password: secrets.postgresPassword,
    database,
    application_name: 'the test',
  });
  await client.connect();
  try {
    return (await client.query<Row>(query, values)).rows;
  } finally {
    await client.end();
  }
}
