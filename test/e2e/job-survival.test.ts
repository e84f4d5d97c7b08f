import { randomUUID } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createContainerActivities } from '../../src/activities/docker/activities.ts';
import { type ComposeProject, createComposeProject, password } from './support/compose-project.ts';
import { testJobs, untilFile } from './support/jobs.ts';
import { attemptOf, failureOf } from './support/run.ts';

let project: ComposeProject;
const jobs = testJobs(() => project);
beforeAll(async () => {
  project = await createComposeProject();
}, 60_000);
afterAll(async () => project.remove(), 60_000);
afterEach(() => {
  vi.restoreAllMocks();
});

/** The next attempt stands still where it would start its container, until it is thawed. */
function frozenAtStart(): { thaw: () => void } {
  let thaw = (): void => undefined;
  const thawed = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  // oxlint-disable-next-line typescript/unbound-method -- called with its own container below
  const original = Docker.Container.prototype.start;
  vi.spyOn(Docker.Container.prototype, 'start').mockImplementationOnce(async function (
    this: Docker.Container,
  ) {
    await thawed;
    return original.call(this);
  });
  return { thaw: () => thaw() };
}

describe('a job outlives the worker', { timeout: 60_000 }, () => {
  test('a worker that shuts down leaves it running, and the next attempt waits for that very one', async () => {
    const runId = randomUUID();
    const first = attemptOf({ runId });
    const { job, folder, starts } = await jobs.counted('shutdown');
    const failure = failureOf(jobs.run(first, job));
    await untilFile(folder, 'starts');
    first.cancel('WORKER_SHUTDOWN');
    expect(await failure).toMatchObject({ message: 'WORKER_SHUTDOWN' });

    const second = attemptOf({ runId, attempt: 2 });
    const outcome = jobs.run(second, job);
    await writeFile(join(folder, 'go'), '');
    expect(await outcome).toMatchObject({ exitCode: 3, log: 'done' });
    expect(await starts()).toBe(1);
    await jobs.remove(second);
  });

  test('an attempt that comes after its end reads its outcome, and starts nothing', async () => {
    const runId = randomUUID();
    const { job, folder, starts } = await jobs.counted('ended');
    await writeFile(join(folder, 'go'), '');
    const first = await jobs.run(attemptOf({ runId }), job);
    const second = await jobs.run(attemptOf({ runId, attempt: 2 }), job);
    expect(second).toEqual(first);
    expect(await starts()).toBe(1);
    await jobs.remove(attemptOf({ runId }));
  });

  test('two attempts at the same moment share one job', async () => {
    const runId = randomUUID();
    const { job, folder, starts } = await jobs.counted('twice');
    const both = Promise.all([
      jobs.run(attemptOf({ runId }), job),
      jobs.run(attemptOf({ runId, attempt: 2 }), job),
    ]);
    await untilFile(folder, 'starts');
    await writeFile(join(folder, 'go'), '');
    const [one, other] = await both;
    expect(one).toEqual(other);
    expect(await starts()).toBe(1);
    await jobs.remove(attemptOf({ runId }));
  });

  test('an attempt that was frozen between its look and its start does not start an ended job again', async () => {
    const runId = randomUUID();
    const { job, folder, starts } = await jobs.counted('frozen');
    await writeFile(join(folder, 'go'), '');
    const { thaw } = frozenAtStart();
    const frozen = jobs.run(attemptOf({ runId }), job);
    await vi.waitFor(async () => expect(await jobs.containersOf(runId)).toHaveLength(1));
    const outcome = await jobs.run(attemptOf({ runId, attempt: 2 }), job);
    thaw();
    expect(await frozen).toEqual(outcome);
    expect(await starts()).toBe(1);
    await jobs.remove(attemptOf({ runId }));
  });

  test('an attempt that thaws after the job was removed starts nothing', async () => {
    const runId = randomUUID();
    const { job, folder, starts } = await jobs.counted('thawed-late');
    await writeFile(join(folder, 'go'), '');
    const { thaw } = frozenAtStart();
    const frozen = failureOf(jobs.run(attemptOf({ runId }), job));
    await vi.waitFor(async () => expect(await jobs.containersOf(runId)).toHaveLength(1));
    const second = attemptOf({ runId, attempt: 2 });
    await jobs.run(second, job);
    await jobs.remove(second);
    thaw();
    expect(await frozen).toMatchObject({ type: 'StillHeld' });
    expect(await starts()).toBe(1);
    expect(await jobs.containersOf(runId)).toEqual([]);
  });

  test('an attempt that died between starting and naming is found by the next', async () => {
    const runId = randomUUID();
    const { job, folder, starts } = await jobs.counted('unnamed');
    vi.spyOn(Docker.Container.prototype, 'rename').mockRejectedValueOnce(
      Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
    );
    await expect(jobs.run(attemptOf({ runId }), job)).rejects.toMatchObject({ type: 'Unreachable' });
    await writeFile(join(folder, 'go'), '');
    expect(await jobs.run(attemptOf({ runId, attempt: 2 }), job)).toMatchObject({ exitCode: 3 });
    expect(await starts()).toBe(1);
    await jobs.remove(attemptOf({ runId }));
    expect(await jobs.containersOf(runId)).toEqual([]);
  });

  test('an attempt that died between creating and starting is completed by the next, secrets included', async () => {
    const runId = randomUUID();
    const first = attemptOf({ runId });
    const job = jobs.of('cat /.pgpass', { files: [{ path: '/.pgpass', content: password }] });
    const start = vi
      .spyOn(Docker.Container.prototype, 'start')
      .mockRejectedValueOnce(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    await expect(jobs.run(first, job)).rejects.toMatchObject({ type: 'Unreachable' });
    start.mockRestore();
    expect(await jobs.containersOf(runId)).toMatchObject([{ State: 'created' }]);
    expect((await jobs.run(attemptOf({ runId, attempt: 2 }), job)).log).toBe(password);
    await jobs.remove(first);
  });

  test('a cancelled procedure stops it, TERM first, and removes it', async () => {
    const attempt = attemptOf();
    const folder = join(project.directory, 'cancelled');
    await mkdir(folder);
    const job = jobs.of(
      'trap "echo > /job/heard; exit 0" TERM; echo > /job/starts; while true; do sleep 0.05; done',
      { mounts: [{ source: folder, target: '/job', readOnly: false }] },
    );
    const failure = failureOf(jobs.run(attempt, job));
    await untilFile(folder, 'starts');
    attempt.cancel('CANCELLED');
    expect(await failure).toMatchObject({ message: 'CANCELLED' });
    expect(await readdir(folder)).toContain('heard');
    expect(await jobs.containersOf(attempt.runId)).toEqual([]);
  });

  test.each(['NOT_FOUND', 'TIMED_OUT', 'PAUSED'] as const)(
    'an attempt that is only out of date (%s) leaves it to the live one',
    async (reason) => {
      const runId = randomUUID();
      const stale = attemptOf({ runId });
      const { job, folder } = await jobs.counted(`stale-${reason}`);
      const failure = failureOf(jobs.run(stale, job));
      await untilFile(folder, 'starts');
      stale.cancel(reason);
      expect(await failure).toMatchObject({ message: reason });
      expect(await jobs.containersOf(runId)).toMatchObject([{ State: 'running' }]);
      await jobs.remove(attemptOf({ runId }));
    },
  );

  test('a container of somebody else under the job’s name is not touched', async () => {
    const attempt = attemptOf();
    const name = await jobs.nameIn(attempt);
    const other = await project.runOther({ name, Cmd: ['sleep', '600'] });
    await expect(jobs.run(attempt, jobs.of('true'))).rejects.toMatchObject({
      type: 'JobFailed',
      message: expect.stringContaining(name),
    });
    expect((await other.inspect()).State.Running).toBe(true);
  });
});

describe('the sweep', { timeout: 60_000 }, () => {
  test('removes jobs of ended runs, and nothing else', async () => {
    const containers = createContainerActivities({
      ...project.setting,
      isAlive: ({ workflowId }) => Promise.resolve(workflowId === 'alive'),
    });
    const ended = attemptOf({ workflowId: 'ended' });
    const alive = attemptOf({ workflowId: 'alive' });
    await jobs.run(ended, jobs.of('true'));
    await jobs.run(alive, jobs.of('true'));
    const bystander = await project.run('bystander', { Cmd: ['sleep', '600'] });
    const neighbour = await project.runOther({
      Cmd: ['sleep', '600'],
      Labels: {
        'hermes-ops.stack': `${project.name}-other`,
        'hermes-ops.workflow': 'ended',
        'hermes-ops.run': ended.runId,
      },
    });
    const sweep = async (): Promise<string[]> =>
      (await attemptOf().do(() => containers.sweepJobContainers())).removed;
    expect(await sweep()).toContain(await jobs.nameIn(ended));
    expect(await sweep()).toEqual([]);
    expect(await jobs.containersOf(alive.runId)).toHaveLength(1);
    expect((await bystander.inspect()).State.Running).toBe(true);
    expect((await neighbour.inspect()).State.Running).toBe(true);
  });
});
