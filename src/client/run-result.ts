import { type Client, WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure, TerminatedFailure } from '@temporalio/common';
import type { ProcedureResult } from '../workflows/steps/procedure.ts';

/** How a run ended, for a person and for a script. */
export interface RunEnding {
  outcome: string;
  text: string;
  exitCode: number;
  result?: ProcedureResult<unknown>;
}

const outcomes: Record<string, { exitCode: number }> = {
  done: { exitCode: 0 },
  planned: { exitCode: 0 },
  rejected: { exitCode: 3 },
  'not-approved': { exitCode: 3 },
  'rolled-back': { exitCode: 5 },
};

/** Waits for a run's end and says how it was. */
export async function runResult(client: Client, workflowId: string): Promise<RunEnding> {
  try {
    const result: ProcedureResult<unknown> = await client.workflow.getHandle(workflowId).result();
    const { outcome, summary, plan } = result;
    const lines = plan === undefined ? [] : plan.lines.map((line) => `  - ${line}`);
    return {
      outcome,
      text: [`${outcome}: ${summary}`, ...lines].join('\n'),
      exitCode: outcomes[outcome]?.exitCode ?? 1,
      result,
    };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    if (cause instanceof CancelledFailure)
      return { outcome: 'cancelled', text: 'cancelled: what was done was undone.', exitCode: 5 };
    if (cause instanceof TerminatedFailure) {
      const text = 'terminated: nothing was undone. Clean up: hermes-ops run sweep-leftovers';
      return { outcome: 'terminated', text, exitCode: 5 };
    }
    return { outcome: 'failed', text: `failed: ${cause?.message ?? error.message}`, exitCode: 1 };
  }
}
