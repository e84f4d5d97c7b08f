import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { embeddedDatabaseFile } from '../../src/temporal/locate.ts';
import { freePorts } from '../sandbox/ports.ts';
import { type Sandbox, startSandbox, stopSandbox } from '../sandbox/sandbox.ts';
import { sandboxVariables, writeSandboxStack } from '../sandbox/stack-file.ts';
import type { Log } from '../show.ts';
import { startWorkerProcess } from '../worker-process.ts';

/** A fresh installation in a folder of its own, of which nothing stays. */
export interface Ground {
  sandbox: Sandbox;
  client: Client;
  uiUrl: string;
  taskQueue: string;
  end(): Promise<void>;
}

/** On the pictures. Nobody's real stack: what its runs leave would be swept up as that one's. */
const stack = 'hermes-example';
const taskQueue = 'hermes-ops';

/** Starts a sandbox, Temporal and a worker. Throws what was in the way, after removing what was started. */
export async function layGround(cliPath: string, log: Log): Promise<Ground> {
  const directory = await mkdtemp(join(tmpdir(), 'hermes-ops-pictures-'));
  const undo: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const end = async (): Promise<void> => {
    for (let act = undo.pop(); act !== undefined; act = undo.pop()) await act();
  };
  try {
    const stateDirectory = join(directory, 'state');
    const project = `pictures-${process.pid}`;
    undo.push(() => stopSandbox({ stateDirectory, project }));
    const sandbox = await startSandbox({ stateDirectory, project, ports: await freePorts(), log });
    const temporal = await startDevServer({
      cliPath,
      databaseFile: embeddedDatabaseFile(stateDirectory),
      logFile: join(stateDirectory, 'temporal', 'server.log'),
      log,
    });
    undo.push(() => temporal.stop());
    const connection = await Connection.connect({ address: temporal.address });
    undo.push(() => connection.close());
    const file = join(directory, 'hermes.yaml');
    await writeSandboxStack(sandbox, { file, backups: join(directory, 'backups'), sections: { stack } });
    const worker = await startWorkerProcess(
      {
        ...sandboxVariables(sandbox),
        HERMES_STACK_FILE: file,
        HERMES_STATE_DIR: stateDirectory,
        METRICS_ADDRESS: 'off',
        LOG_LEVEL: 'WARN',
      },
      join(directory, 'worker.log'),
    );
    undo.push(() => worker.stop());
    return { sandbox, client: new Client({ connection }), uiUrl: temporal.uiUrl, taskQueue, end };
  } catch (error) {
    await end();
    throw error;
  }
}
