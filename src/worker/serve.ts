import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
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

/** A worker over the prebuilt workflow bundle: it polls within a second or two of its start. */
export async function createWorker({ activities, ...options }: ServeOptions): Promise<Worker> {
  return Worker.create({
    ...options,
    ...(await workflowSource()),
    activities,
    interceptors: { activity: [heartbeats] },
    shutdownGraceTime,
    // A killed worker's last workflow waits this long for it before another worker is asked; the default is 10 s.
    stickyQueueScheduleToStartTimeout: '1s',
    maxConcurrentActivityTaskExecutions: 20,
    // Heartbeats are throttled to 80 % of the timeout otherwise: a cancellation would wait for that.
    maxHeartbeatThrottleInterval: '1s',
    defaultHeartbeatThrottleInterval: '1s',
  });
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
