import { Context } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { RunsActivities } from '../contract/runs.ts';
import type { Setting } from '../setting.ts';
import { answerTimeIn } from './answer-time.ts';
import { inspectLockOf } from './inspect-lock.ts';
import { wasResetAfter } from './reset.ts';

/** The activities that talk to Temporal itself. */
export function createRunsActivities({
  client,
  isAlive,
}: Pick<Setting, 'client' | 'isAlive'>): RunsActivities {
  return {
    inspectLock: ({ lockId }) => inspectLockOf(client, lockId, currentExecution()),

    answerTime: ({ signal, plan, by }) => answerTimeIn(client, currentExecution(), { signal, plan, by }),

    wasResetSince: ({ since }) => wasResetAfter(client, currentExecution(), since),

    async signalRun({ workflowId, runId, signal, payload }) {
      if (!(await isAlive({ workflowId, runId }))) return { delivered: false };
      return { delivered: await delivered(client, { workflowId, runId, signal, payload }) };
    },
  };
}

async function delivered(
  client: Client,
  {
    workflowId,
    runId,
    signal,
    payload,
  }: { workflowId: string; runId: string; signal: string; payload: unknown },
): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId, runId).signal(signal, payload);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function currentExecution(): { workflowId: string; runId: string } {
  const { workflowExecution } = Context.current().info;
  if (workflowExecution === undefined) throw new TypeError('This activity belongs to a procedure.');
  return workflowExecution;
}
