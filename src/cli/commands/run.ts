import type { Command } from 'commander';
import type { RunView } from '../../client/describe-run.ts';
import { startProcedure } from '../../client/start-procedure.ts';
import { readEnvironment } from '../../environment.ts';
import type { ProcedureDefinition } from '../../procedures/definition.ts';
import { procedures } from '../../procedures/index.ts';
import { optionsOf } from '../flags.ts';
import { follow } from '../follow.ts';
import { print, printJson, withSession } from '../session.ts';

interface CommonOptions {
  workflowId?: string;
  detach?: boolean;
  json?: boolean;
  [field: string]: unknown;
}

/** `run PROCEDURE` and `plan PROCEDURE`, with the options of each procedure's own input. */
export function addRunCommands(program: Command): void {
  const run = program
    .command('run')
    .description('Start a procedure and follow it. Ctrl-C leaves it running.');
  const plan = program.command('plan').description('Show what a procedure would do. Changes nothing.');
  for (const definition of procedures) {
    addProcedure(run, definition, false);
    if (definition.changes) addProcedure(plan, definition, true);
  }
}

function addProcedure(parent: Command, definition: ProcedureDefinition, dryRun: boolean): void {
  const command = parent
    .command(definition.command)
    .summary(definition.title)
    .description(`${definition.summary}\nRunbook: ${definition.runbook}.`);
  for (const option of optionsOf(definition)) command.addOption(option);
  command
    .option('--workflow-id <id>', 'the workflow id; one with the time in it by default')
    .option('--detach', 'start it and return at once')
    .option('--json', 'print JSON lines')
    .action(async (options: CommonOptions) => {
      process.exitCode = await start(definition, options, dryRun);
    });
}

async function start(
  definition: ProcedureDefinition,
  options: CommonOptions,
  dryRun: boolean,
): Promise<number> {
  const { workflowId, detach = false, json = false, ...fields } = options;
  const user = readEnvironment().user;
  const input = { ...(user === undefined ? {} : { by: user }), ...fields, ...(dryRun ? { dryRun } : {}) };
  return withSession(async ({ client, stack, uiUrl, namespace }) => {
    const { taskQueue } = stack.temporal;
    const started = await startProcedure(client, definition, input, {
      taskQueue,
      ...(workflowId === undefined ? {} : { workflowId }),
    });
    const page =
      uiUrl === undefined
        ? undefined
        : `${uiUrl}/namespaces/${namespace}/workflows/${started.workflowId}/${started.runId}`;
    if (json) printJson({ ...started, ...(page === undefined ? {} : { page }) });
    else print(`${definition.title}: ${started.workflowId}`, ...(page === undefined ? [] : [page]));
    if (detach) return 0;
    const inUndoWindow = (view: RunView): boolean => view.status?.phase === 'undo-window';
    return follow(client, started.workflowId, { json, until: inUndoWindow });
  });
}
