import { type Command, InvalidArgumentError } from 'commander';
import { cancelRun } from '../../client/cancel-run.ts';
import { describeRun } from '../../client/describe-run.ts';
import { listRuns } from '../../client/list-runs.ts';
import { follow } from '../follow.ts';
import { renderRun, renderRuns } from '../render.ts';
import { print, printJson, withSession } from '../session.ts';

interface ListOptions {
  running?: boolean;
  ended?: boolean;
  limit: number;
  json?: boolean;
}

/** `list`, `show`, `follow`, `cancel`. */
export function addRunsCommands(program: Command): void {
  program
    .command('list')
    .description('List the runs of this stack, newest first.')
    .option('--running', 'only those that go on')
    .option('--ended', 'only those that have ended')
    .option('--limit <count>', 'how many', positive, 20)
    .option('--json', 'print JSON')
    .action(({ running, ended, limit, json }: ListOptions) =>
      withSession(async ({ client, stack }) => {
        const state = running === true ? 'running' : ended === true ? 'ended' : undefined;
        const lines = await listRuns(client, {
          stack: stack.stack,
          limit,
          ...(state === undefined ? {} : { state }),
        });
        if (json === true) printJson(lines);
        else print(renderRuns(lines));
      }),
    );

  program
    .command('show <workflow-id>')
    .description('Show one run: where it is, what it waits for, what happened.')
    .option('--json', 'print JSON')
    .action((workflowId: string, { json }: { json?: boolean }) =>
      withSession(async ({ client }) => {
        const view = await describeRun(client, workflowId);
        if (json === true) printJson(view);
        else print(renderRun(view));
      }),
    );

  program
    .command('follow <workflow-id>')
    .description('Follow a run to its end. Ctrl-C leaves it running.')
    .option('--json', 'print JSON lines')
    .action((workflowId: string, { json = false }: { json?: boolean }) =>
      withSession(async ({ client }) => {
        process.exitCode = await follow(client, workflowId, { json });
      }),
    );

  program
    .command('cancel <workflow-id>')
    .description('Cancel a run: it takes its way back and ends.')
    .option('--json', 'print JSON')
    .action((workflowId: string, { json }: { json?: boolean }) =>
      withSession(async ({ client }) => {
        await cancelRun(client, workflowId);
        if (json === true) printJson({ workflowId, asked: 'cancel' });
        else print(`Asked ${workflowId} to cancel. Follow it: hermes-ops follow ${workflowId}`);
      }),
    );
}

function positive(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('expected a whole number from 1 on');
}
