import { randomUUID } from 'node:crypto';
import type { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';

// Failures that a test expects are not news.
const logger = new DefaultLogger('ERROR');

export interface RunOfTest {
  runId?: string;
  workflowId?: string;
  attempt?: number;
  /** Temporal numbers a run's activities: `1`, `2`, …. */
  activityId?: string;
  procedure?: string;
}

/** One attempt of an activity of a run. A later attempt of the same run is made with the same `runId`. */
export interface Attempt {
  runId: string;
  do<T>(act: () => Promise<T>): Promise<T>;
  cancel: MockActivityEnvironment['cancel'];
  /** Resolves with the next progress whose text matches. */
  progress(pattern: RegExp): Promise<void>;
  context: Context;
}

export function attemptOf({ runId = randomUUID(), ...run }: RunOfTest = {}): Attempt {
  const environment = new MockActivityEnvironment(
    {
      attempt: run.attempt ?? 1,
      ...(run.activityId === undefined ? {} : { activityId: run.activityId }),
      workflowType: run.procedure ?? 'backupDatabase',
      workflowExecution: { workflowId: run.workflowId ?? 'test', runId },
    },
    { logger },
  );
  return {
    runId,
    do: async (act) => environment.run(act),
    cancel: environment.cancel,
    context: environment.context,
    progress: async (pattern) =>
      new Promise((resolve) => {
        const look = (details: unknown): void => {
          if (!pattern.test(JSON.stringify(details))) return;
          environment.off('heartbeat', look);
          resolve();
        };
        environment.on('heartbeat', look);
      }),
  };
}

/** How a promise fails, for a look at it after what makes it fail. Throws when it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}
