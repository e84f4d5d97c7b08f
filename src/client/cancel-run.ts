import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { notGoingOn } from './not-going-on.ts';

/** Asks a run to take its way back and end. Throws InvalidInput when it does not go on. */
export async function cancelRun(client: Client, workflowId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).cancel();
  } catch (error) {
    throw error instanceof WorkflowNotFoundError ? notGoingOn(workflowId) : error;
  }
}
