import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Verb } from '../../../src/workflows/steps/answer.ts';
import type { RunStatus } from '../../../src/workflows/steps/status.ts';

const lookIntervalMs = 200;
const queryTimeoutMs = 3_000;
const patienceMs = 15 * 60_000;

/** Waits until the run's own status is as wanted, whatever happens to workers and server meanwhile. */
export async function statusOf(
  client: Client,
  handle: WorkflowHandle,
  wanted: (status: RunStatus) => boolean,
): Promise<RunStatus> {
  const deadline = Date.now() + patienceMs;
  for (let last: RunStatus | undefined; Date.now() < deadline;) {
    const status = await client
      .withDeadline(Date.now() + queryTimeoutMs, () => handle.query<RunStatus>('status'))
      .catch(() => undefined);
    last = status ?? last;
    if (status !== undefined && wanted(status)) return status;
    const state = await handle.describe().catch(() => undefined);
    if (state !== undefined && state.status.name !== 'RUNNING') {
      const told = JSON.stringify(last?.timeline.slice(-5));
      throw new Error(
        `${handle.workflowId} has ended (${state.status.name}) and never was as wanted: ${told}`,
      );
    }
    await new Promise((resolve) => {
      setTimeout(resolve, lookIntervalMs);
    });
  }
  throw new Error(`${handle.workflowId} was not as wanted within ${patienceMs / 60_000} min`);
}

/** The hash that the run's open question shows. */
export async function planOf(
  client: Client,
  handle: WorkflowHandle,
  phase: RunStatus['phase'] = 'waiting-for-answer',
): Promise<string> {
  const status = await statusOf(client, handle, (now) => now.phase === phase && now.question !== undefined);
  return status.question?.plan ?? '';
}

/** Answers the question of that phase by a signal, as the Web UI does. Returns the plan's hash. */
export async function answer(
  client: Client,
  handle: WorkflowHandle,
  verb: Verb,
  phase: RunStatus['phase'] = verb === 'keep' || verb === 'rollback' ? 'undo-window' : 'waiting-for-answer',
): Promise<string> {
  const plan = await planOf(client, handle, phase);
  await handle.signal(verb, { by: 'dana', plan, reason: 'a test' });
  return plan;
}
