import { fileURLToPath } from 'node:url';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  Worker,
  type WorkflowBundle,
} from '@temporalio/worker';
import proto from '@temporalio/proto';
import type { RunsActivities } from '../../../src/activities/contract/runs.ts';
import { isAlive } from '../../../src/activities/runs/alive.ts';
import { createRunsActivities } from '../../../src/activities/runs/activities.ts';
import type { RunStatus } from '../../../src/workflows/steps/status.ts';

let queues = 0;

/** Temporal with skipped time, and a worker that serves the real workflows over fake activities. */
export interface TimeSkipping {
  environment: TestWorkflowEnvironment;
  client: Client;
  start(workflowType: string, workflowId: string, args: unknown[]): Promise<WorkflowHandle>;
  serve<T>(activities: object, act: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export async function timeSkipping(): Promise<TimeSkipping> {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
  const path = process.env['TEMPORAL_TEST_SERVER_PATH'];
  const environment = await TestWorkflowEnvironment.createTimeSkipping(
    path === undefined ? {} : { server: { executable: { type: 'existing-path', path } } },
  );
  const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.namespace ?? 'default',
    searchAttributes: { Stack: keyword, Procedure: keyword, Phase: keyword },
  });
  const workflowBundle = await bundleWorkflows();
  const { client } = environment;
  let taskQueue = '';
  return {
    environment,
    client,
    start: (workflowType, workflowId, args) =>
      client.workflow.start(workflowType, { workflowId, taskQueue, args }),
    async serve(activities, act) {
      queues += 1;
      taskQueue = `unit-${queues}`;
      const worker = await Worker.create({
        connection: environment.nativeConnection,
        taskQueue,
        workflowBundle,
        activities,
      });
      return worker.runUntil(act);
    },
    close: () => environment.teardown(),
  };
}

/** The lock activities are real: they need nothing but the server. */
export function realRuns(client: Client): RunsActivities {
  return createRunsActivities({ client, isAlive: (run) => isAlive(client, run) });
}

export async function bundleWorkflows(): Promise<WorkflowBundle> {
  const source = (path: string): string => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url));
  return bundleWorkflowCode({
    workflowsPath: source('workflows/index.ts'),
    workflowInterceptorModules: [source('workflows/interceptors.ts')],
    logger: new DefaultLogger('ERROR'),
  });
}

/** Waits until the run's own status says what is wanted. Each look is an event of the server, not of the clock. */
export async function statusWhen(
  handle: WorkflowHandle,
  wanted: (status: RunStatus) => boolean,
): Promise<RunStatus> {
  for (;;) {
    const status = await handle.query<RunStatus>('status').catch(() => undefined);
    if (status !== undefined && wanted(status)) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Cancels a run that asks. The test server, unlike Temporal's own, refuses to cancel an activity that has just ended, and
 * the run then waits for good: so not while it tells people of the question.
 */
export async function cancelAsking(handle: WorkflowHandle): Promise<void> {
  await statusWhen(
    handle,
    ({ question, timeline }) =>
      question !== undefined && timeline.some(({ text }) => text.startsWith('Told:')),
  );
  await handle.cancel();
}
