import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  GracefulShutdownPeriodExpiredError,
  type NativeConnection,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { heartbeats } from './heartbeats.ts';

/** What the worker's Temporal side is made of; the activities are added by `createActivities`. */
export interface ServeOptions {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  activities: object;
  identity?: string;
}

const shutdownGraceTime = '10s';
/** With Temporal away there is nobody to tell how a step ended, and waiting for it would go on for ever. */
const shutdownForceTime = '20s';

/** A worker over the prebuilt workflow bundle: it polls within a second or two of its start. */
export async function createWorker({ activities, ...options }: ServeOptions): Promise<Worker> {
  return Worker.create({
    ...options,
    ...(await workflowSource()),
    activities,
    interceptors: { activity: [heartbeats] },
    shutdownGraceTime,
    shutdownForceTime,
    // A killed worker's last workflow waits this long for it before another worker is asked; the default is 10 s.
    stickyQueueScheduleToStartTimeout: '1s',
    maxConcurrentActivityTaskExecutions: 20,
    // Heartbeats are throttled to 80 % of the timeout otherwise: a cancellation would wait for that.
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
  });
}

/** Runs the worker until it is told to stop. Throws an Error when its steps did not end by then. */
export async function serve(worker: Worker): Promise<void> {
  try {
    await worker.run();
  } catch (error) {
    if (!(error instanceof GracefulShutdownPeriodExpiredError)) throw error;
    throw new Error(
      `The worker ended before its steps did: Temporal did not take their results within ${shutdownForceTime}. ` +
        'The next worker does these steps again, or finds them done.',
      { cause: error },
    );
  }
}

/** The bundle stands beside the compiled program: `dist/workflow-bundle.js`. */
async function workflowSource(): Promise<Pick<WorkerOptions, 'workflowBundle'>> {
  const codePath = fileURLToPath(new URL('../../workflow-bundle.js', import.meta.url));
  try {
    await access(codePath);
  } catch {
    throw new Error(`The workflow bundle ${codePath} is missing. Build it: npm run build`);
  }
  return { workflowBundle: { codePath } };
}
