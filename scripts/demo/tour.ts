import colors from 'picocolors';
import { follow } from '../../src/cli/follow.ts';
import { answerRun } from '../../src/client/answer-run.ts';
import { describeRun, type RunView } from '../../src/client/describe-run.ts';
import { backupDatabaseProcedure } from '../../src/procedures/backup-database.ts';
import { restoreDatabaseProcedure } from '../../src/procedures/restore-database.ts';
import { query } from '../sandbox/database.ts';
import { say } from '../show.ts';
import { begin, title, untilDone } from './begin.ts';
import type { Ground } from './ground.ts';
import { showRenewal } from './renew.ts';
import { showScaling } from './scale.ts';

export interface TourOptions {
  /** Approve by itself what asks for an approval. */
  yes: boolean;
}

const by = 'the demo';
const deleted = 100;

/** The procedures, shown one after the other on the ground that is laid. */
export async function tour(ground: Ground, { yes }: TourOptions): Promise<void> {
  const { postgres } = ground.sandbox.containers;
  const backup = await begin(ground, 'A backup', backupDatabaseProcedure, { by, reason: 'the tour' });
  await untilDone(ground, backup);

  await showScaling(ground, by);
  await showRenewal(ground, by);

  title('An accident');
  await query(
    postgres,
    `delete from matters where id in (select id from matters order by id limit ${deleted})`,
  );
  say(`${deleted} matters were deleted. Left: ${await query(postgres, 'select count(*) from matters')}`);

  const input = { backup: 'latest', by, reason: `${deleted} matters deleted` };
  const restore = await begin(ground, 'A restore, which waits for a person', restoreDatabaseProcedure, input);
  await follow(ground.client, restore, { json: false, until: isAsking });
  if (yes) await approveAndKeep(ground, restore);
  else explain(ground, restore);
}

async function approveAndKeep(ground: Ground, workflowId: string): Promise<void> {
  const { client, sandbox } = ground;
  let since = new Date().toISOString();
  say(await answerRun(client, workflowId, 'approve', { by, plan: await openPlan(ground, workflowId) }));
  await follow(client, workflowId, { json: false, until: isInUndoWindow, since });
  say(`Matters now: ${await query(sandbox.containers.postgres, 'select count(*) from matters')}`);
  since = new Date().toISOString();
  say(await answerRun(client, workflowId, 'keep', { by, plan: await openPlan(ground, workflowId) }));
  await untilDone(ground, workflowId, since);
}

function explain({ uiUrl, namespace, stackFile, taskQueue }: Ground, workflowId: string): void {
  title('Your turn');
  if (uiUrl !== undefined) {
    const page = `${uiUrl}/namespaces/${namespace}/workflows`;
    say(`Watch it and answer it in the Web UI: ${colors.bold(`${page}/${workflowId}`)}`);
    say('  Its tab "User Metadata" shows the plan and the exact JSON to answer with.');
    say(
      '  The menu beside "Request Cancellation" has "Send a Signal": choose approve, paste the JSON, submit.',
    );
    const start = `${page}/start-workflow?taskQueue=${taskQueue}&workflowType=restoreDatabase`;
    say(`Start another one there: ${start}`);
    say('  Input: {"backup": "latest", "by": "YOUR NAME"}');
    say(`What starts by itself, and can be started at once: ${uiUrl}/namespaces/${namespace}/schedules`);
  }
  say('Or from another terminal:');
  say(`  export HERMES_STACK_FILE=${stackFile}`);
  say(`  npm run --silent hermes-ops -- show ${workflowId}`);
  say(`  npm run --silent hermes-ops -- approve ${workflowId}`);
  say(`  npm run --silent hermes-ops -- rollback ${workflowId}`);
  say('And the others:');
  say('  npm run --silent hermes-ops -- run scale-service --service api --replicas 3');
  say('  npm run --silent hermes-ops -- run restart-service --service api');
  say('  npm run --silent hermes-ops -- services');
  say('  npm run --silent hermes-ops -- certificates');
  say('  npm run --silent hermes-ops -- run renew-certificate --force');
}

async function openPlan({ client }: Ground, workflowId: string): Promise<string> {
  const { status } = await describeRun(client, workflowId);
  if (status?.question === undefined) throw new Error(`${workflowId} asks nothing at the moment.`);
  return status.question.plan;
}

function isAsking({ status }: RunView): boolean {
  return status?.phase === 'waiting-for-answer' && status.question !== undefined;
}

function isInUndoWindow({ status }: RunView): boolean {
  return status?.phase === 'undo-window' && status.question !== undefined;
}
