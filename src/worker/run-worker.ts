import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { checkSharedDirectory } from '../activities/backups/shared-directory.ts';
import { createActivities } from '../activities/index.ts';
import type { Setting } from '../activities/setting.ts';
import type { Environment } from '../environment.ts';
import { problemTypeOf } from '../problem.ts';
import { procedures } from '../procedures/index.ts';
import { loadStack } from '../stack/load.ts';
import { ensureSearchAttributes } from '../temporal/ensure-search-attributes.ts';
import { locateOrStart } from './embedded-server.ts';
import { createWorker } from './serve.ts';
import { createSetting } from './setting.ts';
import { checkSharedDirectoryAtStart } from './shared-directory.ts';

/**
 * Runs the worker until it is told to stop (SIGINT, SIGTERM): steps under way get ten seconds to end, and what takes
 * longer goes on in its job container. Throws where it cannot start, and says why.
 */
export async function runWorker(
  environment: Environment,
  variables: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<void> {
  const stack = await loadStack(environment.stackFile);
  const { metricsAddress, logLevel } = environment;
  Runtime.install({
    logger: new DefaultLogger(logLevel),
    telemetryOptions:
      metricsAddress === undefined ? {} : { metrics: { prometheus: { bindAddress: metricsAddress } } },
  });
  const { connectionOptions, namespace, uiUrl } = await locateOrStart(environment, variables, log);
  const connection = await NativeConnection.connect(connectionOptions);
  const clientConnection = await Connection.connect(connectionOptions);
  try {
    await ensureSearchAttributes(clientConnection, namespace);
    const client = new Client({ connection: clientConnection, namespace });
    const { taskQueue } = stack.temporal;
    const setting = createSetting(environment, stack, client);
    await checkSharedDirectoryAtStart(setting, log);
    const activities = createActivities(setting);
    const worker = await createWorker({ connection, namespace, taskQueue, activities });
    log(
      `Worker of stack ${stack.stack} on ${connectionOptions.address}, namespace ${namespace}, task queue ${taskQueue}`,
    );
    log(`Serves: ${procedures.map(({ workflowType }) => workflowType).join(', ')}`);
    if (uiUrl !== undefined) log(`Web UI: ${uiUrl}`);
    if (metricsAddress !== undefined) log(`Metrics: http://${metricsAddress}/metrics`);
    await worker.run();
    log('Worker stopped.');
  } finally {
    await clientConnection.close();
    await connection.close();
  }
}

/** A folder that is another one for the containers stops the worker; a stack that is down only leaves it untried. */
async function tryBackupsDirectory(setting: Setting, log: (line: string) => void): Promise<void> {
  try {
    await checkSharedDirectory(setting);
  } catch (error) {
    if (problemTypeOf(error) === 'StackFile') throw error;
    const why = error instanceof Error ? error.message : String(error);
    log(`The directory of the backups was not tried: ${why}`);
  }
}
