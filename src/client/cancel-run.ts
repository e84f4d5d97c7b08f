import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { notGoingOn } from './not-going-on.ts';

/** Asks a run to take its way back and end. Throws InvalidInput when it does not go on. */
export async function cancelRun(client: Client, workflowId: string): Promise<void> {
  const run = client.workflow.getHandle(workflowId);
  try {
    // Asked of a run that was cancelled before, the server says yes again: so look first.
    const { status } = await run.describe();
    if (status.name !== 'RUNNING') throw notGoingOn(workflowId);
    await run.cancel();
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? notGoingOn(workflowId) : error;
  }
}
