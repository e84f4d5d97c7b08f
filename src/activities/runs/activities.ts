import { Context } from '@temporalio/activity';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { RunsActivities } from '../contract/runs.ts';
import { runKey } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { answerTimeIn } from './answer-time.ts';
import { isAlive } from './alive.ts';
import { inspectLockOf } from './inspect-lock.ts';

/** The activities that talk to Temporal itself. */
export function createRunsActivities({ client, stack }: Setting): RunsActivities {
  return {
    inspectLock: ({ lockId }) => inspectLockOf(client, lockId),

    async livingRuns() {
      const query = `Stack = '${stack.stack}' AND ExecutionStatus = 'Running'`;
      const living = new Set<string>([runKey(currentExecution())]);
      // Visibility lags: what it lists may be over, which only delays a sweep. What it misses is asked for by `isAlive`.
      for await (const run of client.workflow.list({ query })) living.add(runKey(run));
      return [...living];
    },

    answerTime: ({ signal, plan, by }) => answerTimeIn(client, currentExecution(), { signal, plan, by }),

    async signalRun({ workflowId, runId, signal, payload }) {
      if (!(await isAlive(client, { workflowId, runId }))) return { delivered: false };
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
