import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunView } from '../../src/client/describe-run.ts';
import type { RunLine } from '../../src/client/list-runs.ts';
import type { RunEnding } from '../../src/client/run-result.ts';
import type { StartedRun } from '../../src/client/start-procedure.ts';
import type { WorkerProcess } from '../../scripts/worker-process.ts';
import { type CommandResult, startCommand } from './support/command.ts';
import { install, type Installation } from './support/installation.ts';
import { jsonCommand } from './support/json-command.ts';
import { openPlan, statusWhen } from './support/runs.ts';

let hermes: Installation;
let worker: WorkerProcess;
beforeAll(async () => {
  hermes = await install('command-runs', { rows: 2_000, undoWindow: '1h' });
  worker = await hermes.startWorker();
});
afterAll(() => hermes?.close());

const hermesOps = (...args: string[]): Promise<CommandResult> => hermes.hermesOps(...args);

const json = <Line>(...args: string[]): ReturnType<typeof jsonCommand<Line>> => jsonCommand(hermes, ...args);

/** A restore that waits for its approval, nobody following it. */
async function waitingRestore(): Promise<{ workflowId: string; plan: string }> {
  const { last } = await json<StartedRun>('run', 'restore-database', '--backup', 'latest', '--detach');
  const { workflowId } = last;
  return { workflowId, plan: await openPlan(hermes.client.workflow.getHandle(workflowId)) };
}

const undoPlan = (workflowId: string): Promise<string> =>
  openPlan(hermes.client.workflow.getHandle(workflowId), 'undo-window');

describe('a procedure', () => {
  let backupId: string;

  /** All that a procedure could change: databases, backups, containers. */
  async function everything(): Promise<unknown> {
    const containers = await hermes.docker.listContainers({ all: true });
    const ours = containers.filter(
      ({ Labels }) =>
        Labels['com.docker.compose.project'] === hermes.project ||
        Labels['hermes-ops.stack'] === hermes.project,
    );
    return {
      databases: await hermes.sql('select oid, datname from pg_database order by oid'),
      rows: await hermes.sql('select count(*) from matters'),
      backups: await readdir(hermes.backups, { recursive: true }),
      containers: ours.map(({ Id, State }) => `${Id} ${State}`).sort(),
    };
  }

  test('that is done exits 0, and says as JSON where it is at each moment', async () => {
    const { exitCode, lines } = await json<StartedRun | RunView | RunEnding>(
      'run',
      'backup-database',
      '--reason',
      'a test',
    );
    expect(exitCode).toBe(0);
    expect(lines[0]).toEqual({
      workflowId: expect.stringMatching(/^backup-database-\d{8}-\d{6}$/),
      runId: expect.any(String),
      page: expect.stringContaining(hermes.temporal.uiUrl),
    });
    expect(lines[1]).toMatchObject({ workflowType: 'backupDatabase', state: 'RUNNING' });
    expect(lines.at(-1)).toMatchObject({
      outcome: 'done',
      exitCode: 0,
      result: { report: { backup: { rows: expect.any(Number) } } },
    });
    [backupId = ''] = await readdir(hermes.backups);
  });

  test('that is only planned shows what it would do, and changes nothing', async () => {
    await hermes.sql('delete from matters where id <= 100');
    const before = await everything();
    const planned = await hermesOps('plan', 'restore-database', '--backup', 'latest');
    expect(planned.exitCode).toBe(0);
    expect(planned.stdout).toMatch(/planned: A dry run: nothing was changed\./);
    expect(planned.stdout).toContain(backupId);
    expect(planned.stdout).toMatch(/public\.matters.*1,900 → 2,000 rows \(\+100\)/);
    const { exitCode, last } = await json<RunEnding>('plan', 'restore-database', '--backup', backupId);
    expect({ exitCode, outcome: last.outcome }).toEqual({ exitCode: 0, outcome: 'planned' });
    expect(last.result?.plan?.content).toMatchObject({ backupId });
    expect(await everything()).toEqual(before);
  });

  test('that fails exits 1 and says why', async () => {
    const { exitCode, stdout } = await hermesOps('run', 'restore-database', '--backup', 'no-such-backup');
    expect(stdout).toMatch(/failed: There is no backup called no-such-backup\. The newest: /);
    expect(exitCode).toBe(1);
  });

  test('that is rejected exits 3', async () => {
    const run = startCommand(hermes.variables, ['run', 'restore-database', '--backup', 'latest', '--json']);
    const { workflowId }: StartedRun = JSON.parse(await run.line(/"workflowId"/));
    const waiting: RunView = JSON.parse(await run.line(/"question"/));
    const plan = waiting.status?.question?.plan ?? '';
    expect(await json('reject', workflowId, '--plan', plan, '--reason', 'not tonight')).toMatchObject({
      exitCode: 0,
      last: { workflowId, verb: 'reject', by: 'chris', plan, said: 'Taken: reject.' },
    });
    expect(await run.ended).toBe(3);
    expect(run.lines.map((line): unknown => JSON.parse(line)).at(-1)).toMatchObject({ outcome: 'rejected' });
    const late = await hermesOps('approve', workflowId, '--plan', plan);
    expect(late.stderr).toContain(`${workflowId} does not go on: it has ended`);
    expect(late.exitCode).toBe(2);
  });

  test('that is cancelled exits 5', async () => {
    const { workflowId } = await waitingRestore();
    const following = startCommand(hermes.variables, ['follow', workflowId, '--json']);
    await following.line(/"question"/);
    expect(await json('cancel', workflowId)).toMatchObject({
      exitCode: 0,
      last: { workflowId, asked: 'cancel' },
    });
    expect(await following.ended).toBe(5);
    expect(JSON.parse(following.lines.at(-1) ?? '')).toMatchObject({ outcome: 'cancelled' });
    expect((await hermesOps('cancel', workflowId)).exitCode).toBe(2);
  });
});

describe('a restore', () => {
  let workflowId: string;
  let plan: string;
  beforeAll(async () => {
    ({ workflowId, plan } = await waitingRestore());
  });

  test('goes on when whoever follows it presses Ctrl-C, which exits 130', async () => {
    for (const args of [
      ['follow', workflowId],
      ['follow', workflowId, '--json'],
    ]) {
      const following = startCommand(hermes.variables, args);
      await following.line(/waits until|"question"/);
      following.interrupt();
      expect(await following.ended).toBe(130);
    }
    expect((await json<RunView>('show', workflowId)).last).toMatchObject({
      state: 'RUNNING',
      status: { phase: 'waiting-for-answer', question: { plan, verbs: ['approve', 'reject'] } },
    });
  });

  test('is among the runs that go on, and not among those that have ended', async () => {
    const running = await json<RunLine[]>('list', '--running');
    expect(running.last).toEqual([
      expect.objectContaining({ workflowId, workflowType: 'restoreDatabase', state: 'RUNNING' }),
    ]);
    const ended = await json<RunLine[]>('list', '--ended');
    expect(ended.last.map((line) => line.workflowId)).not.toContain(workflowId);
    expect((await json<RunLine[]>('list', '--limit', '1')).last).toHaveLength(1);
    expect((await hermesOps('list')).stdout).toContain(workflowId);
  });

  test('shows its question with the commands that answer it', async () => {
    const { stdout } = await hermesOps('show', workflowId);
    expect(stdout).toContain(`hermes-ops approve ${workflowId} --plan ${plan}`);
    expect(stdout).toContain(`hermes-ops reject ${workflowId} --plan ${plan}`);
    expect(stdout).toContain(`{"by": "YOUR NAME", "plan": "${plan}"}`);
  });

  const refused: [string, string[], RegExp][] = [
    ['approve', [], /`--plan` is missing: .*It is PLAN: hermes-ops approve \S+ --plan PLAN/],
    ['approve', ['--plan', '0badc0de'], /Plan 0badc0de is not the one that waits: that is PLAN/],
    ['approve', ['--plan', 'PLAN', '--by', ' '], /`by` is not valid/],
    ['keep', ['--plan', 'PLAN'], /The open question takes approve or reject, not keep/],
    ['rollback', [], /waits for no rollback at the moment/],
  ];
  test.each(refused)('does not take %s %j, which exits 2', async (verb, args, words) => {
    const fill = (text: string): string => text.replaceAll('PLAN', plan);
    const { exitCode, stdout, stderr } = await hermesOps(verb, workflowId, ...args.map(fill));
    expect(stderr).toMatch(new RegExp(fill(words.source)));
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  test('says that no worker is there, takes an approval all the same, and goes on when one is', async () => {
    await worker.kill();
    const following = startCommand(hermes.variables, ['follow', workflowId]);
    await following.line(/^No worker answers\..*hermes-ops worker$/);
    following.interrupt();
    const sent = await json<{ said: string }>('approve', workflowId, '--plan', plan, '--by', 'dana');
    expect(sent).toMatchObject({ exitCode: 0, last: { said: expect.stringContaining('Sent as a signal') } });
    worker = await hermes.startWorker();
    expect(await undoPlan(workflowId)).not.toBe(plan);
    expect(await hermes.sql('select count(*)::int as rows from matters')).toEqual([{ rows: 2000 }]);
  });

  test('that is rolled back exits 5, and one that is kept exits 0', async () => {
    const following = startCommand(hermes.variables, ['follow', workflowId]);
    const back = await json(
      'rollback',
      workflowId,
      '--plan',
      await undoPlan(workflowId),
      '--reason',
      'the wrong one',
    );
    expect(back).toMatchObject({ exitCode: 0, last: { said: 'Taken: rollback.' } });
    expect(await following.ended).toBe(5);
    expect(following.lines.at(-1)).toMatch(/^rolled-back: Rolled back by chris\./);

    const run = startCommand(hermes.variables, ['run', 'restore-database', '--backup', 'latest', '--json']);
    const next: StartedRun = JSON.parse(await run.line(/"workflowId"/));
    await run.line(/"question"/);
    const handle = hermes.client.workflow.getHandle(next.workflowId);
    expect(await hermesOps('approve', next.workflowId, '--plan', await openPlan(handle))).toMatchObject({
      exitCode: 0,
      stdout: 'Taken: approve.\n',
    });
    // It shows the swap, and leaves the day of the undo window to the run.
    expect(await run.ended).toBe(0);
    expect(JSON.parse(run.lines.at(-1) ?? '')).toMatchObject({ status: { phase: 'undo-window' } });
    await statusWhen(handle, ({ phase }) => phase === 'undo-window');
    expect(
      (await hermesOps('keep', next.workflowId, '--plan', await undoPlan(next.workflowId))).exitCode,
    ).toBe(0);
    expect(await json('follow', next.workflowId)).toMatchObject({ exitCode: 0, last: { outcome: 'done' } });
  });
});
