import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import type { Environment } from '../environment.ts';
import { procedures } from '../procedures/index.ts';
import { loadStack } from '../stack/load.ts';
import { ensureSearchAttributes } from '../temporal/ensure-search-attributes.ts';
import { endOnSignal } from './early-end.ts';
import { locateOrStart } from './embedded-server.ts';
import { createWorker, serve } from './serve.ts';
import { applySchedules } from './schedules.ts';
import { checkSecrets, secretReader } from './secrets.ts';
import { createSetting } from './setting.ts';
import { checkSharedDirectoryAtStart } from './shared-directory.ts';
import { watchStoppedProxy } from './stopped-proxy.ts';

/**
 * Runs the worker until it is told to stop (SIGINT, SIGTERM): steps under way get ten seconds to end, and what takes
 * longer goes on in its job container. Throws where it cannot start, and says why.
 */
export async function runWorker(
  environment: Environment,
  variables: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<void> {
  const started = endOnSignal();
  const stack = await loadStack(environment.stackFile);
  await checkSecrets(stack, secretReader(environment));
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
    log(`Schedules: ${(await applySchedules(client, stack)).join('; ')}`);
    if (uiUrl !== undefined) log(`Web UI: ${uiUrl}`);
    if (metricsAddress !== undefined) log(`Metrics: http://${metricsAddress}/metrics`);
    started();
    const endWatch = watchStoppedProxy(setting, log);
    await serve(worker).finally(endWatch);
    log('Worker stopped.');
  } finally {
    await clientConnection.close();
    // A worker that ended before its steps still holds it, and how that came about is the error to tell.
    await connection.close().catch(() => undefined);
  }
}
