import type { Client, WorkflowHandle } from '@temporalio/client';
import type { RunStatus } from '../../../src/workflows/steps/status.ts';

const lookIntervalMs = 100;

/** Waits until the run's own status is as wanted. While no worker answers, it goes on asking. */
export async function statusWhen(
  handle: WorkflowHandle,
  wanted: (status: RunStatus) => boolean,
  withinMs = 120_000,
): Promise<RunStatus> {
  const deadline = Date.now() + withinMs;
  for (let last: RunStatus | undefined; ;) {
    const status = await handle.query<RunStatus>('status').catch(() => undefined);
    if (status !== undefined && wanted(status)) return status;
    last = status ?? last;
    const { status: state } = await handle.describe();
    if (state.name !== 'RUNNING' && (status === undefined || !wanted(status))) {
      throw new Error(
        `${handle.workflowId} has ended (${state.name}): ${JSON.stringify(last?.timeline.slice(-5))}`,
      );
    }
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${JSON.stringify(last, null, 1)}`);
    await new Promise((resolve) => {
      setTimeout(resolve, lookIntervalMs);
    });
  }
}

/** The hash of the plan that waits; `phase` tells an approval from an undo window. */
export async function openPlan(
  handle: WorkflowHandle,
  phase: RunStatus['phase'] = 'waiting-for-answer',
): Promise<string> {
  const status = await statusWhen(handle, (now) => now.phase === phase && now.question !== undefined);
  return status.question?.plan ?? '';
}

/** Starts a procedure as the Web UI does: a type, a queue, one JSON value or nothing. */
export async function start(
  client: Client,
  workflowType: string,
  workflowId: string,
  input?: unknown,
): Promise<WorkflowHandle> {
  return client.workflow.start(workflowType, {
    workflowId,
    taskQueue: 'hermes-ops',
    args: input === undefined ? [] : [input],
  });
}
