import { type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

/** How a run failed, in its own words. */
export interface Refusal {
  type: string;
  message: string;
}

/** Waits until a run has failed. Throws when it did not, and when it failed in words that are not ours. */
export async function refusalOf(handle: WorkflowHandle): Promise<Refusal> {
  try {
    const result: unknown = await handle.result();
    throw new Error(`${handle.workflowId} was not refused: ${JSON.stringify(result).slice(0, 500)}`);
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    if (!(error.cause instanceof ApplicationFailure)) throw error;
    return { type: error.cause.type ?? '', message: error.cause.message };
  }
}

/** How a run failed, in its own words; its result when it did not. */
export async function failure(handle: WorkflowHandle): Promise<string> {
  try {
    return JSON.stringify(await handle.result());
  } catch (error) {
    return error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  }
}
