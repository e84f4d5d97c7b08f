import { confirm, isCancel } from '@clack/prompts';
import type { Command } from 'commander';
import { answerRun } from '../../client/answer-run.ts';
import { describeRun } from '../../client/describe-run.ts';
import { problem } from '../../problem.ts';
import { type Verb, verbs } from '../../workflows/steps/answer.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderQuestion } from '../render.ts';
import { print, printJson, type Session, withSession } from '../session.ts';

interface AnswerOptions {
  plan?: string;
  by?: string;
  reason?: string;
  json?: boolean;
}

const descriptions: Record<Verb, string> = {
  approve: 'Approve what a run waits for.',
  reject: 'Reject what a run waits for: it ends, and nothing is changed.',
  rollback: 'Undo a run within its undo window.',
  keep: 'End a run’s undo window: the change stays.',
};

/** `approve`, `reject`, `rollback`, `keep`. */
export function addAnswerCommands(program: Command): void {
  for (const verb of verbs) {
    program
      .command(`${verb} <workflow-id>`)
      .description(descriptions[verb])
      .option('--plan <hash>', 'the plan that you answer; asked for on a terminal when not given')
      .option('--by <name>', 'who answers; your user name by default')
      .option('--reason <text>', 'why')
      .option('--json', 'print JSON')
      .action((workflowId: string, options: AnswerOptions) =>
        withSession(async (session) => {
          process.exitCode = await answer(session, verb, workflowId, options);
        }),
      );
  }
}

async function answer(
  session: Session,
  verb: Verb,
  workflowId: string,
  options: AnswerOptions,
): Promise<number> {
  const { client, environment } = session;
  const by = options.by ?? environment.user;
  if (by === undefined)
    throw problem('InvalidInput', { what: '`--by` is missing: expected the name of who answers.' });
  const plan = options.plan ?? (await confirmedPlan(session, verb, workflowId));
  if (plan === undefined) return exitCodes.interrupted;
  const said = await answerRun(client, workflowId, verb, {
    by,
    plan,
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  });
  if (options.json === true) printJson({ workflowId, verb, by, plan, said });
  else print(said);
  return exitCodes.done;
}

/** Shows the open question and asks. Nobody approves by a script what they did not name. */
async function confirmedPlan(
  { client }: Session,
  verb: Verb,
  workflowId: string,
): Promise<string | undefined> {
  const { status } = await describeRun(client, workflowId);
  const question = status?.question;
  if (question === undefined || !question.verbs.includes(verb)) {
    throw problem('InvalidInput', {
      what: `${workflowId} waits for no ${verb} at the moment.`,
      next: `Look: hermes-ops show ${workflowId}`,
    });
  }
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw problem('InvalidInput', {
      what: '`--plan` is missing: expected the hash of the plan that waits.',
      next: `It is ${question.plan}: hermes-ops ${verb} ${workflowId} --plan ${question.plan}`,
    });
  }
  print(renderQuestion(workflowId, question), '');
  const yes = await confirm({ message: `${verb} plan ${question.plan}?`, initialValue: false });
  return isCancel(yes) || !yes ? undefined : question.plan;
}
