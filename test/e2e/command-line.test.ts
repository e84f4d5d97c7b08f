import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunLine } from '../../src/client/list-runs.ts';
import type { CommandResult } from './support/command.ts';
import { install, type Installation } from './support/installation.ts';
import { jsonCommand } from './support/json-command.ts';

let hermes: Installation;
beforeAll(async () => {
  hermes = await install('command-line', { rows: 2_000, undoWindow: '1h' });
});
afterAll(() => hermes?.close());

const hermesOps = (...args: string[]): Promise<CommandResult> => hermes.hermesOps(...args);

/** Every command that there is, as `--help` lists them, with its help. */
async function helpOfAll(path: string[] = []): Promise<Map<string, CommandResult>> {
  const help = await hermesOps(...path, '--help');
  const found = new Map([[path.join(' '), help]]);
  const [, listed = ''] = help.stdout.split('Commands:\n');
  const names = [...listed.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name);
  const below = names.filter((one) => one !== 'help').map((name) => helpOfAll([...path, name]));
  for (const helps of await Promise.all(below))
    for (const [command, result] of helps) found.set(command, result);
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
      'renew-certificate',
      'install-certificate',
      'list-certificates',
      'list-services',
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
        'certificates',
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
    expect((await jsonCommand<RunLine[]>(hermes, 'list')).last).toEqual([]);
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
