import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { problem } from '../problem.ts';
import type { ProcedureDefinition } from '../procedures/definition.ts';
import { parseInput } from '../procedures/parse-input.ts';

export interface StartedRun {
  workflowId: string;
  runId: string;
}

/**
 * Starts a procedure after checking its input here too, so that a bad one is refused before anything is started.
 * Throws InvalidInput, and ResourceBusy when a run of that workflow id is going on.
 */
export async function startProcedure(
  client: Client,
  definition: ProcedureDefinition,
  input: Record<string, unknown>,
  {
    taskQueue,
    workflowId = newWorkflowId(definition, new Date()),
  }: { taskQueue: string; workflowId?: string },
): Promise<StartedRun> {
  parseInput(definition, input);
  try {
    const handle = await client.workflow.start(definition.workflowType, {
      workflowId,
      taskQueue,
      args: [input],
      staticSummary: summaryOf(definition, input),
      staticDetails: `${definition.summary} Runbook: ${definition.runbook}.`,
    });
    return { workflowId, runId: handle.firstExecutionRunId };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw problem('ResourceBusy', {
      what: `A run with the workflow id ${workflowId} is going on.`,
      next: `Follow it: hermes-ops follow ${workflowId}`,
    });
  }
}

function newWorkflowId({ command }: ProcedureDefinition, now: Date): string {
  return `${command}-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}`;
}

function summaryOf({ title }: ProcedureDefinition, { by, reason }: Record<string, unknown>): string {
  const asked = typeof by === 'string' ? `, asked for by ${by}` : '';
  const why = typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
  return `${title}${asked}${why}`.slice(0, 200);
}
