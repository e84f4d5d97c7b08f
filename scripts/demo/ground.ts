import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { connectClient } from '../../src/client/connect-client.ts';
import type { Environment } from '../../src/environment.ts';
import { freePort } from '../../src/temporal/free-ports.ts';
import { runningDevServer } from '../../src/temporal/dev-server.ts';
import { embeddedDatabaseFile, type LocatedTemporal, locateTemporal } from '../../src/temporal/locate.ts';
import { locateOrStart } from '../../src/worker/embedded-server.ts';
import { type SandboxPorts, usualPorts } from '../sandbox/ports.ts';
import { findSandbox, type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { sandboxVariables, writeSandboxStack } from '../sandbox/stack-file.ts';
import { setUpDocker } from '../setup/docker.ts';
import { setUpTemporalCli } from '../setup/temporal-tools.ts';
import { type Log, step } from '../show.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

/** What the tour stands on: a small HERMES, Temporal, and a worker that can be killed and started again. */
export interface Ground {
  environment: Environment;
  sandbox: Sandbox;
  /** The sandbox's own; HERMES_STACK_FILE for whoever types commands beside the demo. */
  stackFile: string;
  client: Client;
  namespace: string;
  taskQueue: string;
  /** Known for the embedded server. */
  uiUrl: string | undefined;
  worker: WorkerProcess;
  startWorker(): Promise<WorkerProcess>;
  /** Ends what the demo started, except for the sandbox. */
  end(): Promise<void>;
}

export interface GroundOptions {
  environment: Environment;
  /** Rows of the sandbox's largest table. */
  rows: number;
}

const taskQueue = 'hermes-ops';

/** Not HERMES's own name: the demo may run beside a real one and must never take it for its sandbox. */
export const demoProject = 'hermes-demo';

/** Everything from a bare machine to a serving worker. Each long step says what it does. */
export async function layGround({ environment, rows }: GroundOptions): Promise<Ground> {
  const { stateDirectory } = environment;
  const directory = join(stateDirectory, 'demo');
  const stackFile = join(directory, 'hermes.yaml');
  await step('Docker', (log) => setUpDocker(environment, log));
  const cli = await step('Temporal', (log) => setUpTemporalCli(environment, log));
  const sandbox = await step('A small HERMES in containers', async (log) => {
    const ports = await sandboxPorts(stateDirectory);
    const started = await startSandbox({
      stateDirectory,
      project: demoProject,
      ports,
      rows,
      authority: true,
      log,
    });
    await writeSandboxStack(started, {
      file: stackFile,
      backups: join(directory, 'backups'),
      taskQueue,
      sections: { scaling: { watch: '5s' } },
    });
    log(`Customers are served at https://${started.serverName}:${ports.https}`);
    return started;
  });
  const found = await locateTemporal(stateDirectory, process.env);
  const { uiUrl } = await step('The Temporal server', (log) =>
    startTemporal({ ...environment, temporalCliPath: cli.path }, log),
  );
  const connected = await connectClient(stateDirectory, process.env);
  const { client, namespace } = connected;
  const variables = {
    ...sandboxVariables(sandbox),
    HERMES_STACK_FILE: stackFile,
    HERMES_STATE_DIR: stateDirectory,
    METRICS_ADDRESS: `127.0.0.1:${await freePort(9464, '127.0.0.1')}`,
  };
  const startWorker = (): Promise<WorkerProcess> =>
    startWorkerProcess({ client, namespace, taskQueue, directory, variables });
  const endTemporal = async (): Promise<void> => {
    await connected.close();
    // One that ran before the demo is somebody else's.
    if (found === undefined) await (await runningDevServer(embeddedDatabaseFile(stateDirectory)))?.stop();
  };
  try {
    const worker = await step('The worker', startWorker);
    const ground: Ground = {
      environment,
      sandbox,
      stackFile,
      client,
      namespace,
      taskQueue,
      uiUrl,
      worker,
      async startWorker() {
        ground.worker = await startWorker();
        return ground.worker;
      },
      async end() {
        await ground.worker.end();
        await endTemporal();
      },
    };
    return ground;
  } catch (error) {
    await endTemporal();
    throw error;
  }
}

/** The ports of the last time, else the usual ones, or free ones where somebody else listens. */
async function sandboxPorts(stateDirectory: string): Promise<SandboxPorts> {
  const before = await findSandbox({ stateDirectory, project: demoProject }).catch(() => undefined);
  if (before !== undefined) return before.ports;
  const [api, http, https] = await Promise.all([
    freePort(usualPorts.api, '127.0.0.1'),
    freePort(usualPorts.http, '127.0.0.1'),
    freePort(usualPorts.https, '127.0.0.1'),
  ]);
  return { api, http, https };
}

async function startTemporal(environment: Environment, log: Log): Promise<LocatedTemporal> {
  const located = await locateOrStart(environment, process.env, log);
  log(`Temporal answers at ${located.connectionOptions.address}`);
  if (located.uiUrl !== undefined) log(`Its Web UI: ${located.uiUrl}`);
  return located;
}
