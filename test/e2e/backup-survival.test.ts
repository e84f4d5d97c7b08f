import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { findServiceContainers } from '../../src/activities/docker/service-containers.ts';
import { password } from './support/compose-project.ts';
import { failureOf } from './support/run.ts';
import {
  type BackupRun,
  backupRun,
  startServer,
  startsOf,
  type TestServer,
  untilSessions,
} from './support/server.ts';

const register = fileURLToPath(new URL('support/register-typescript.mjs', import.meta.url));
const program = fileURLToPath(new URL('support/dump-process.ts', import.meta.url));
const stackFile = { database: { name: 'hermes' }, backups: {} as Record<string, unknown> };
/** pg_dump itself and its two workers: from then on the snapshot is theirs. */
const dumpSessions = 3;

let server: TestServer;
const children: ChildProcess[] = [];
beforeAll(async () => {
  server = await startServer('hermes', { backups: {} });
  const { directory } = server.setting.stack.backups;
  stackFile.backups = { directory, compressionLevel: 9, minimumFreeSpace: '1MiB' };
  server.setting.stack.backups.compressionLevel = 9;
  await server.sql(`
    create table matters (id int primary key, note text);
    insert into matters select n, md5(n::text) || md5((n * 7)::text) || md5((n * 11)::text) from generate_series(1, 400000) n;
    create table bills (id int primary key);
    insert into bills select generate_series(1, 100);`);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => server.remove());

/** The first attempt of a dump, in a process of its own. */
function dumpInProcess(run: BackupRun): ChildProcess {
  const child = spawn(
    process.execPath,
    [
      '--import',
      register,
      program,
      server.name,
      server.directory,
      JSON.stringify(stackFile),
      run.runId,
      run.backupId,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HERMES_OPS_TEST_PASSWORD: password } },
  );
  children.push(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function partialOf(run: BackupRun): string {
  return join(server.setting.stack.backups.directory, `.partial-${run.backupId}`);
}

async function untilWritten(run: BackupRun, file: string): Promise<void> {
  await vi.waitFor(() => expect(existsSync(join(partialOf(run), file))).toBe(true), {
    timeout: 60_000,
    interval: 20,
  });
}

/** Connected is not enough: a session that has not taken the snapshot yet needs the one who gives it. */
async function untilDumping(): Promise<void> {
  await untilSessions(server, 'hermes-ops dump', 'backend_xmin is not null', dumpSessions);
}

async function containersOf(run: BackupRun): Promise<{ State: string }[]> {
  return server.docker.listContainers({ all: true, filters: { label: [`hermes-ops.run=${run.runId}`] } });
}

/** What a second attempt makes of it: a backup that is complete, with nothing left of the first. */
async function finish(run: BackupRun): Promise<void> {
  const summary = await run.dump(run.attempt(2));
  expect(summary).toMatchObject({ tables: 2, rows: 400_100 });
  expect(await run.publish()).toMatchObject({ rows: 400_100 });
  await expectNothingLeft(run);
}

async function expectNothingLeft(run: BackupRun): Promise<void> {
  expect(await containersOf(run)).toEqual([]);
  expect(existsSync(partialOf(run))).toBe(false);
}

describe('a dump whose worker is killed', () => {
  test('right after the snapshot was written down begins anew and is complete', async () => {
    const run = backupRun(server);
    const child = dumpInProcess(run);
    await untilWritten(run, 'snapshot.json');
    await kill(child);
    await finish(run);
    expect(await startsOf(server, run.runId, 'dump')).toBeLessThanOrEqual(2);
  });

  test('while it runs goes on, and is waited for: nothing starts twice', async () => {
    const run = backupRun(server);
    const child = dumpInProcess(run);
    await untilDumping();
    await kill(child);
    expect(await containersOf(run)).toMatchObject([{ State: 'running' }]);
    await finish(run);
    expect(await startsOf(server, run.runId, 'dump')).toBe(1);
  });

  test('after its end, before that was written down, is not dumped again', async () => {
    const run = backupRun(server);
    const child = dumpInProcess(run);
    await untilDumping();
    child.kill('SIGSTOP');
    await vi.waitFor(async () => expect(await containersOf(run)).toMatchObject([{ State: 'exited' }]), {
      timeout: 120_000,
      interval: 200,
    });
    await kill(child);
    expect(existsSync(join(partialOf(run), 'outcome.json'))).toBe(false);
    await finish(run);
    expect(await startsOf(server, run.runId, 'dump')).toBe(1);
  });

  test.each([0, 1, 2, 3, 4])('at any other moment (%i) ends as one complete backup', async (number) => {
    const run = backupRun(server);
    const child = dumpInProcess(run);
    await untilWritten(run, 'owner.json');
    // Not a wait for something: the moment itself is what is tried.
    await new Promise((resolve) => {
      setTimeout(resolve, number * 350);
    });
    await kill(child);
    await finish(run);
    expect(await startsOf(server, run.runId, 'dump')).toBeLessThanOrEqual(2);
  });
});

test('a worker that was frozen and thaws after another finished its dump spoils nothing', async () => {
  const run = backupRun(server);
  const child = dumpInProcess(run);
  await untilWritten(run, 'snapshot.json');
  child.kill('SIGSTOP');
  await finish(run);
  const exited = once(child, 'exit');
  child.kill('SIGCONT');
  await exited;
  const { activities, backupId } = run;
  expect(await run.attempt().do(() => activities.verifyBackup({ backupId }))).toMatchObject({
    rows: 400_100,
  });
  await run.attempt().do(() => activities.discardPartialBackup({ backupId }));
  await expectNothingLeft(run);
});

test('a worker that shuts down leaves the dump running, and the next one takes it over', async () => {
  const run = backupRun(server);
  const first = run.attempt();
  const failure = failureOf(run.dump(first));
  await untilDumping();
  first.cancel('WORKER_SHUTDOWN');
  expect(await failure).toMatchObject({ message: 'WORKER_SHUTDOWN' });
  expect(await containersOf(run)).toMatchObject([{ State: 'running' }]);
  await finish(run);
  expect(await startsOf(server, run.runId, 'dump')).toBe(1);
});

test('a cancelled backup leaves nothing: no container, no folder, no session', async () => {
  const run = backupRun(server);
  const attempt = run.attempt();
  const failure = failureOf(run.dump(attempt));
  await untilDumping();
  attempt.cancel('CANCELLED');
  expect(await failure).toMatchObject({ message: 'CANCELLED' });
  expect(await containersOf(run)).toEqual([]);
  const { activities, backupId } = run;
  await run.attempt().do(() => activities.discardPartialBackup({ backupId }));
  await expectNothingLeft(run);
  const sessions = `select application_name from pg_stat_activity where application_name like 'hermes-ops%'`;
  await vi.waitFor(async () => expect(await server.sql(sessions, [], 'postgres')).toEqual([]));
});

test('a server that goes away in the middle fails the dump, and nothing of it stays although the server is away', async () => {
  const run = backupRun(server);
  const failure = failureOf(run.dump());
  await untilDumping();
  const [postgres] = await findServiceContainers(server.setting, 'database');
  const container = server.docker.getContainer(postgres?.id ?? '');
  await container.kill();
  expect(await failure).toMatchObject({ type: expect.stringMatching(/^(?:JobFailed|Unreachable)$/) });
  const { activities, backupId } = run;
  await run.attempt().do(() => activities.discardPartialBackup({ backupId }));
  await expectNothingLeft(run);
  expect(
    (await readdir(server.setting.stack.backups.directory)).filter((name) => name.includes(backupId)),
  ).toEqual([]);
  await container.start();
});
