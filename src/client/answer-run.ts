import {
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { problem } from '../problem.ts';
import { notGoingOn } from './not-going-on.ts';
import type { Verb } from '../workflows/steps/answer.ts';

const updateTimeoutMs = 10_000;

/**
 * Answers a run's open question. Sent as an update, which says at once whether it was taken; while no worker is there
 * to say so, as a signal, which waits for one. Throws InvalidInput with the run's own words when it was refused.
 */
export async function answerRun(
  client: Client,
  workflowId: string,
  verb: Verb,
  answer: { by: string; plan: string; reason?: string },
): Promise<string> {
  const handle = client.workflow.getHandle(workflowId);
  try {
    return await client.withDeadline(Date.now() + updateTimeoutMs, () =>
      handle.executeUpdate<string, [typeof answer]>(verb, { args: [answer] }),
    );
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      throw problem('InvalidInput', { what: error.cause?.message ?? error.message });
    }
    if (error instanceof WorkflowNotFoundError) throw notGoingOn(workflowId);
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    await handle.signal(verb, answer);
    return `No worker answered within ${updateTimeoutMs / 1000} s. Sent as a signal: it is read when a worker runs.`;
  }
}
