import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunView } from '../../src/client/describe-run.ts';
import type { RunLine } from '../../src/client/list-runs.ts';
import type { RunEnding } from '../../src/client/run-result.ts';
import type { StartedRun } from '../../src/client/start-procedure.ts';
import type { WorkerProcess } from '../../scripts/worker-process.ts';
import { startCommand } from './support/command.ts';
import { type CommandResult, install, type Installation } from './support/installation.ts';
import { openPlan, statusWhen } from './support/runs.ts';

let hermes: Installation;
let worker: WorkerProcess;
beforeAll(async () => {
  hermes = await install('command-line', { rows: 2_000, undoWindow: '1h' });
  worker = await hermes.startWorker();
});
afterAll(() => hermes?.close());

const hermesOps = (...args: string[]): Promise<CommandResult> => hermes.hermesOps(...args);

/** What a script reads: every line is JSON. */
async function json<Line>(...args: string[]): Promise<{ exitCode: number; lines: Line[]; last: Line }> {
  const { exitCode, stdout, stderr } = await hermesOps(...args, '--json');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line): Line => JSON.parse(line));
  const last = lines.at(-1);
  if (last === undefined) throw new Error(`${args.join(' ')} printed nothing: ${stderr}`);
  return { exitCode, lines, last };
}

/** A restore that waits for its approval, nobody following it. */
async function waitingRestore(): Promise<{ workflowId: string; plan: string }> {
  const { last } = await json<StartedRun>('run', 'restore-database', '--backup', 'latest', '--detach');
  const { workflowId } = last;
  return { workflowId, plan: await openPlan(hermes.client.workflow.getHandle(workflowId)) };
}

const undoPlan = (workflowId: string): Promise<string> =>
  openPlan(hermes.client.workflow.getHandle(workflowId), 'undo-window');

/** Every command that there is, as `--help` lists them, with its help. */
async function helpOfAll(path: string[] = []): Promise<Map<string, CommandResult>> {
  const help = await hermesOps(...path, '--help');
  const found = new Map([[path.join(' '), help]]);
  const [, listed = ''] = help.stdout.split('Commands:\n');
  const names = [...listed.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name);
  for (const name of names.filter((one) => one !== 'help'))
    for (const [command, result] of await helpOfAll([...path, name])) found.set(command, result);
  return found;
}

describe('--help', () => {
  let helps: Map<string, CommandResult>;
  beforeAll(async () => {
    helps = await helpOfAll();
  });

  test('of every command exits 0 and says what it is for', () => {
    const procedures = [
      'backup-database',
      'restore-database',
      'check-backup',
      'list-backups',
      'restart-service',
      'scale-service',
      'resize-service',
      'autoscale',
      'rebalance-proxy',
      'sweep-leftovers',
    ];
    expect([...helps.keys()]).toEqual(
      expect.arrayContaining([
        ...procedures.map((procedure) => `run ${procedure}`),
        ...['backup-database', 'restore-database', 'sweep-leftovers'].map((procedure) => `plan ${procedure}`),
        'list',
        'show',
        'follow',
        'cancel',
        'approve',
        'reject',
        'rollback',
        'keep',
        'config check',
        'worker',
        'server start',
        'server stop',
        'server status',
      ]),
    );
    for (const [command, { exitCode, stdout, stderr }] of helps) {
      expect({ command, exitCode, stderr }).toEqual({ command, exitCode: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^Usage: hermes-ops ${command}.*\n\n\\S`));
    }
  });

  test('names --json for every command that ends by itself', () => {
    const silent = [...helps].filter(
      ([, { stdout }]) => !stdout.includes('Commands:') && !stdout.includes('--json'),
    );
    expect(silent.map(([command]) => command)).toEqual(['worker']);
  });

  const own: [string, string[]][] = [
    ['run backup-database', ['--by', '--reason', '--on-busy', '--kind', '--workflow-id', '--detach']],
    [
      'run restore-database',
      ['--backup', '--fence', '--undo-window', '--by', '--reason', '--on-busy', '--detach'],
    ],
    ['plan restore-database', ['--backup', '--fence', '--undo-window', '--by', '--reason']],
    ['list', ['--running', '--ended', '--limit']],
    ['approve', ['--plan', '--by', '--reason']],
    ['reject', ['--plan', '--by', '--reason']],
    ['rollback', ['--plan', '--by', '--reason']],
    ['keep', ['--plan', '--by', '--reason']],
  ];
  test.each(own)('of %s names each of its options, and says what it does', (command, options) => {
    const { stdout = '' } = helps.get(command) ?? {};
    for (const option of options) expect(stdout).toMatch(new RegExp(`^ +${option}(?: <[^>]+>)?\\s+\\S`, 'm'));
    expect(stdout).not.toContain('--dry-run');
  });
});

describe('a mistake', () => {
  const typed: [string[], RegExp][] = [
    [['lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
    [['run', 'restore-databas'], /unknown command 'restore-databas'\n\(Did you mean restore-database\?\)/],
    [['list', '--runing'], /unknown option '--runing'\n\(Did you mean --running\?\)/],
    [['run', 'restore-database', '--bakup', 'latest'], /Did you mean --backup\?|required option '--backup/],
    [['run', 'restore-database'], /required option '--backup <text>' not specified/],
    [
      ['run', 'restore-database', '--backup', ''],
      /`backup` is "" .*expected a backup id.*Nothing was started/,
    ],
    [
      ['run', 'restore-database', '--backup', 'latest', '--undo-window', 'soon'],
      /`undoWindow` is "soon".*such as 90s/,
    ],
    [['run', 'backup-database', '--kind', 'odd'], /`kind` is "odd" .*expected "manual" or "scheduled"/],
    [['list', '--limit', 'many'], /argument 'many' is invalid.*a whole number/],
    [['show'], /missing required argument 'workflow-id'/],
    [
      ['show', 'no-such-run'],
      /There is no run with the workflow id no-such-run\. List them: hermes-ops list/,
    ],
    [['follow', 'no-such-run'], /There is no run with the workflow id no-such-run/],
    [['cancel', 'no-such-run'], /no-such-run does not go on.*hermes-ops list --running/],
    [['approve', 'no-such-run', '--plan', '0badc0de'], /no-such-run does not go on/],
    [['run'], /Usage: hermes-ops run/],
  ];
  test.each(typed)('%j exits 2 and says what is meant', async (args, words) => {
    const { exitCode, stdout, stderr } = await hermesOps(...args);
    expect(stderr).toMatch(words);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });

  test('of which nothing was started', async () => {
    expect((await json<RunLine[]>('list')).last).toEqual([]);
  });
});

describe('where something is missing', () => {
  let empty: string;
  beforeAll(async () => {
    empty = await mkdtemp(join(tmpdir(), 'hermes-ops-empty-'));
  });
  afterAll(() => rm(empty, { recursive: true }));

  async function ended(variables: Record<string, string>, args: string[]): Promise<CommandResult> {
    const before = { ...hermes.variables };
    Object.assign(hermes.variables, variables);
    try {
      return await hermesOps(...args);
    } finally {
      for (const name of Object.keys(variables)) delete hermes.variables[name];
      Object.assign(hermes.variables, before);
    }
  }

  test('no Temporal server exits 4 and says how to start one', async () => {
    for (const args of [['list'], ['run', 'backup-database'], ['approve', 'x', '--plan', 'y']]) {
      const { exitCode, stderr } = await ended({ HERMES_STATE_DIR: empty }, args);
      expect(stderr).toMatch(
        /No Temporal server is configured.*Start the worker, which starts one: hermes-ops worker/,
      );
      expect(exitCode).toBe(4);
    }
    const status = await ended({ HERMES_STATE_DIR: empty }, ['server', 'status', '--json']);
    expect({ exitCode: status.exitCode, said: JSON.parse(status.stdout) }).toEqual({
      exitCode: 4,
      said: { running: false },
    });
  });

  test('a Temporal server that does not answer exits 4 and names its address', async () => {
    const { exitCode, stderr } = await ended({ TEMPORAL_ADDRESS: '127.0.0.1:1' }, ['list']);
    expect(stderr).toContain('The Temporal server at 127.0.0.1:1 does not answer. Check TEMPORAL_ADDRESS');
    expect(exitCode).toBe(4);
  });

  test('a stack file with mistakes exits 2 and names the line of each', async () => {
    const file = join(empty, 'hermes.yaml');
    await writeFile(file, 'stack: hermes\nbackups:\n  keepDays: many\n\nrestore:\n  undoWindo: 24h\n');
    for (const args of [['config', 'check'], ['list'], ['run', 'backup-database']]) {
      const { exitCode, stdout, stderr } = await ended({ HERMES_STACK_FILE: file }, args);
      expect(`${stdout}${stderr}`).toMatch(/hermes\.yaml:3.*keepDays[\s\S]*hermes\.yaml:6.*undoWindo/);
      expect(exitCode).toBe(2);
    }
    const checked = await ended({ HERMES_STACK_FILE: file }, ['config', 'check', '--json']);
    const said: { ok: boolean; issues: { line: number }[] } = JSON.parse(checked.stdout);
    expect({ ok: said.ok, lines: said.issues.map(({ line }) => line) }).toEqual({ ok: false, lines: [3, 6] });
  });

  test('no stack file exits 2 and names it', async () => {
    const file = join(empty, 'missing.yaml');
    const { exitCode, stderr } = await ended({ HERMES_STACK_FILE: file }, ['list']);
    expect(stderr).toContain(file);
    expect(exitCode).toBe(2);
  });
});

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
