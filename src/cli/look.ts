import type { Client } from '@temporalio/client';
import { runResult, type RunEnding } from '../client/run-result.ts';
import { startProcedure } from '../client/start-procedure.ts';
import { readEnvironment } from '../environment.ts';
import type { ProcedureDefinition } from '../procedures/definition.ts';

const silenceMs = 10_000;

/** Runs a procedure that only looks, to its end. Says where no worker is there to run it. */
export async function runLook(
  client: Client,
  definition: ProcedureDefinition,
  taskQueue: string,
): Promise<RunEnding> {
  const { user } = readEnvironment();
  const input = user === undefined ? {} : { by: user };
  const { workflowId } = await startProcedure(client, definition, input, { taskQueue });
  const timer = setTimeout(() => void tellOfSilence(client, workflowId), silenceMs);
  try {
    return await runResult(client, workflowId);
  } finally {
    clearTimeout(timer);
  }
}

async function tellOfSilence(client: Client, workflowId: string): Promise<void> {
  const answer = await client.workflow
    .getHandle(workflowId)
    .query('status')
    .catch(() => undefined);
  if (answer !== undefined) return;
  process.stderr.write('No worker answers. The look is made when one runs. Start it: hermes-ops worker\n');
}
