import type { Client } from '@temporalio/client';
import * as v from 'valibot';
import { runResult, type RunEnding } from '../client/run-result.ts';
import { startProcedure } from '../client/start-procedure.ts';
import { readEnvironment } from '../environment.ts';
import type { ProcedureDefinition } from '../procedures/definition.ts';
import { print, printJson, withSession } from './session.ts';

const silenceMs = 10_000;

/** A procedure that only looks, and how its report is shown. */
interface Look<Report> {
  definition: ProcedureDefinition;
  schema: v.GenericSchema<unknown, Report>;
  /** In lines; what the run says of itself follows them. */
  render: (report: Report) => string[];
}

/** Makes a look and shows it, as a table or as JSON. The report is undefined where the look failed. */
export async function showLook<Report>(
  { definition, schema, render }: Look<Report>,
  { json }: { json: boolean },
): Promise<{ exitCode: number; report: Report | undefined }> {
  return withSession(async ({ client, stack }) => {
    const { text, exitCode, result } = await runLook(client, definition, stack.temporal.taskQueue);
    const report = v.safeParse(schema, result?.report);
    if (!report.success) {
      process.stderr.write(`${text}\n`);
      return { exitCode, report: undefined };
    }
    if (json) printJson(report.output);
    else print(...render(report.output), result?.summary ?? '');
    return { exitCode, report: report.output };
  });
}

/** Runs it to its end. Says where no worker is there to run it. */
async function runLook(
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
