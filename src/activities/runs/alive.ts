import { type Client, WorkflowNotFoundError } from '@temporalio/client';

/** Whether this run still goes on. Asked of the run itself: the list of runs lags behind by seconds. */
export async function isAlive(client: Client, run: { workflowId: string; runId: string }): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(run.workflowId, run.runId).describe();
    return status.name === 'RUNNING' || status.name === 'PAUSED';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
