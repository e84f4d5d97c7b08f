import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createContainerActivities } from '../../src/activities/docker/activities.ts';
import {
  type Job,
  jobExists,
  jobName,
  type JobOutcome,
  removeJob,
  runJob,
} from '../../src/activities/docker/job-container.ts';
import { problemTypeOf } from '../../src/problem.ts';
import { type ComposeProject, createComposeProject, password, testImage } from './support/compose-project.ts';
import { type Attempt, attemptOf } from './support/run.ts';

let project: ComposeProject;
beforeAll(async () => {
  project = await createComposeProject();
});
afterAll(async () => project.remove());
afterEach(() => {
  vi.restoreAllMocks();
});

function jobOf(script: string, more: Partial<Job> = {}): Job {
  return {
    step: 'test',
    image: testImage,
    argv: ['sh', '-c', script],
    binds: [],
    network: project.network,
    files: [],
    ...more,
  };
}

async function runIn(attempt: Attempt, job: Job): Promise<JobOutcome> {
  return attempt.do(() => runJob(project.setting, job, () => undefined));
}

async function removeIn(attempt: Attempt, step = 'test'): Promise<void> {
  await attempt.do(() => removeJob(project.setting, step));
}

async function containersOf(runId: string): Promise<Docker.ContainerInfo[]> {
  return project.docker.listContainers({ all: true, filters: { label: [`hermes-ops.run=${runId}`] } });
}

/** A job that writes a line into its folder each time that it starts, and then waits for the file `go`. */
async function counted(name: string): Promise<{ job: Job; folder: string; starts: () => Promise<number> }> {
  const folder = join(project.directory, name);
  await mkdir(folder);
  const job = jobOf(
    'echo started >> /job/starts; while [ ! -e /job/go ]; do sleep 0.05; done; echo done; exit 3',
    { binds: [`${folder}:/job`] },
  );
  const starts = async (): Promise<number> =>
    (await readFile(join(folder, 'starts'), 'utf8')).trim().split('\n').length;
  return { job, folder, starts };
}

async function untilFile(folder: string, file: string): Promise<void> {
  await vi.waitFor(async () => expect(await readdir(folder)).toContain(file), {
    timeout: 20_000,
    interval: 20,
  });
}

describe('a job', { timeout: 60_000 }, () => {
  test('hands back its exit code, its output and its times, and stays until it is removed', async () => {
    const attempt = attemptOf();
    const outcome = await runIn(attempt, jobOf('echo to stdout; echo to stderr >&2; exit 7'));
    expect(outcome).toMatchObject({ exitCode: 7, oomKilled: false });
    expect(outcome.log).toContain('to stdout');
    expect(outcome.log).toContain('to stderr');
    expect(Date.parse(outcome.finishedAt)).toBeGreaterThanOrEqual(Date.parse(outcome.startedAt));
    expect(await attempt.do(() => jobExists(project.setting, 'test'))).toBe(true);
    await removeIn(attempt);
    await removeIn(attempt);
    expect(await attempt.do(() => jobExists(project.setting, 'test'))).toBe(false);
  });

  test('takes its arguments as they are, whatever a shell would make of them', async () => {
    const attempt = attemptOf();
    const hostile = `$(touch /tmp/x) "; exit 9 #' \n*`;
    const outcome = await runIn(attempt, { ...jobOf(''), argv: ['printf', '%s', hostile] });
    expect(outcome).toMatchObject({ exitCode: 0, log: hostile });
    await removeIn(attempt);
  });

  test('gets its secrets as files of its own user, and inspect shows none of them', async () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1234);
    vi.spyOn(process, 'getgid').mockReturnValue(1235);
    const attempt = attemptOf();
    const outcome = await runIn(
      attempt,
      jobOf('id -u; stat -c "%a %u %g" /.pgpass; cat /.pgpass', {
        files: [{ path: '/.pgpass', content: password }],
        env: ['PGPASSFILE=/.pgpass'],
      }),
    );
    expect(outcome.log).toBe(`1234\n600 1234 1235\n${password}`);
    const inspected = await project.docker
      .getContainer(await attempt.do(async () => jobName(project.setting, 'test')))
      .inspect();
    expect(JSON.stringify(inspected)).not.toContain(password);
    await removeIn(attempt);
  });

  test('gives way to the services, and dies before them when memory ends', async () => {
    const attempt = attemptOf();
    await runIn(attempt, jobOf('true'));
    const [{ Id } = { Id: '' }] = await containersOf(attempt.runId);
    const { HostConfig } = await project.docker.getContainer(Id).inspect();
    expect(HostConfig).toMatchObject({ CpuShares: 128, OomScoreAdj: 500 });
    expect(HostConfig.RestartPolicy?.Name).toBe('no');
    await removeIn(attempt);
  });

  test('leaves no volume behind, although its image asks for one', async () => {
    const attempt = attemptOf();
    await runIn(attempt, jobOf('true'));
    const [{ Id } = { Id: '' }] = await containersOf(attempt.runId);
    const { Mounts } = await project.docker.getContainer(Id).inspect();
    const volumes = Mounts.flatMap(({ Name }) => (Name === undefined ? [] : [Name]));
    expect(volumes).not.toEqual([]);
    await removeIn(attempt);
    const { Volumes } = await project.docker.listVolumes();
    for (const volume of volumes) expect(Volumes.map(({ Name }) => Name)).not.toContain(volume);
  });

  test('whose program does not exist ends, and says so', async () => {
    const attempt = attemptOf();
    const outcome = await runIn(attempt, { ...jobOf(''), argv: ['pg_dumpling'] });
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.log).toContain('pg_dumpling');
    await removeIn(attempt);
  });

  test('whose image is not there fails for good, and names the image', async () => {
    const failure = runIn(attemptOf(), jobOf('true', { image: 'hermes-ops-test-no-such-image:1' }));
    await expect(failure).rejects.toMatchObject({
      type: 'JobFailed',
      nonRetryable: true,
      message: expect.stringContaining('hermes-ops-test-no-such-image:1'),
    });
  });

  test('that somebody removes while it runs is a failure which says so', async () => {
    const attempt = attemptOf();
    const { job, folder } = await counted('removed');
    const running = runIn(attempt, job);
    await untilFile(folder, 'starts');
    const [{ Id } = { Id: '' }] = await containersOf(attempt.runId);
    const failed = expect(running).rejects.toMatchObject({ type: 'JobFailed' });
    await project.docker.getContainer(Id).remove({ force: true, v: true });
    await failed;
  });

  test('of an engine that is away is tried again', async () => {
    const setting = { ...project.setting, docker: new Docker({ socketPath: '/nowhere/docker.sock' }) };
    const failure = await attemptOf()
      .do(() => runJob(setting, jobOf('true'), () => undefined))
      .catch((error: unknown) => error);
    expect(problemTypeOf(failure)).toBe('Unreachable');
    expect(failure).toMatchObject({ nonRetryable: false });
  });
});

describe('a job outlives the worker', { timeout: 60_000 }, () => {
  test('a worker that shuts down leaves it running, and the next attempt waits for that very one', async () => {
    const runId = randomUUID();
    const first = attemptOf({ runId });
    const { job, folder, starts } = await counted('shutdown');
    const waiting = expect(runIn(first, job)).rejects.toThrow('WORKER_SHUTDOWN');
    await untilFile(folder, 'starts');
    first.cancel('WORKER_SHUTDOWN');
    await waiting;

    const second = attemptOf({ runId, attempt: 2 });
    const outcome = runIn(second, job);
    await writeFile(join(folder, 'go'), '');
    expect(await outcome).toMatchObject({ exitCode: 3, log: 'done' });
    expect(await starts()).toBe(1);
    await removeIn(second);
  });

  test('an attempt that comes after its end reads its outcome, and starts nothing', async () => {
    const runId = randomUUID();
    const { job, folder, starts } = await counted('ended');
    await writeFile(join(folder, 'go'), '');
    const first = await runIn(attemptOf({ runId }), job);
    const second = await runIn(attemptOf({ runId, attempt: 2 }), job);
    expect(second).toEqual(first);
    expect(await starts()).toBe(1);
    await removeIn(attemptOf({ runId }));
  });

  test('two attempts at the same moment share one job', async () => {
    const runId = randomUUID();
    const { job, folder, starts } = await counted('twice');
    const both = Promise.all([
      runIn(attemptOf({ runId }), job),
      runIn(attemptOf({ runId, attempt: 2 }), job),
    ]);
    await untilFile(folder, 'starts');
    await writeFile(join(folder, 'go'), '');
    const [one, other] = await both;
    expect(one).toEqual(other);
    expect(await starts()).toBe(1);
    await removeIn(attemptOf({ runId }));
  });

  test('an attempt that died between creating and starting is completed by the next, secrets included', async () => {
    const runId = randomUUID();
    const first = attemptOf({ runId });
    const job = jobOf('cat /.pgpass', { files: [{ path: '/.pgpass', content: password }] });
    const start = vi
      .spyOn(Docker.Container.prototype, 'start')
      .mockRejectedValueOnce(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    await expect(runIn(first, job)).rejects.toMatchObject({ type: 'Unreachable' });
    start.mockRestore();
    expect(await containersOf(runId)).toMatchObject([{ State: 'created' }]);
    expect((await runIn(attemptOf({ runId, attempt: 2 }), job)).log).toBe(password);
    await removeIn(first);
  });

  test('a cancelled procedure stops it, TERM first, and removes it', async () => {
    const attempt = attemptOf();
    const folder = join(project.directory, 'cancelled');
    await mkdir(folder);
    const job = jobOf(
      'trap "echo > /job/heard; exit 0" TERM; echo > /job/starts; while true; do sleep 0.05; done',
      { binds: [`${folder}:/job`] },
    );
    const waiting = expect(runIn(attempt, job)).rejects.toThrow('CANCELLED');
    await untilFile(folder, 'starts');
    attempt.cancel('CANCELLED');
    await waiting;
    expect(await readdir(folder)).toContain('heard');
    expect(await containersOf(attempt.runId)).toEqual([]);
  });

  test.each(['NOT_FOUND', 'TIMED_OUT', 'PAUSED'] as const)(
    'an attempt that is only out of date (%s) leaves it to the live one',
    async (reason) => {
      const runId = randomUUID();
      const stale = attemptOf({ runId });
      const { job, folder } = await counted(`stale-${reason}`);
      const waiting = expect(runIn(stale, job)).rejects.toThrow(reason);
      await untilFile(folder, 'starts');
      stale.cancel(reason);
      await waiting;
      expect(await containersOf(runId)).toMatchObject([{ State: 'running' }]);
      await removeIn(attemptOf({ runId }));
    },
  );

  test('a container of somebody else under the job’s name is not touched', async () => {
    const attempt = attemptOf();
    const name = await attempt.do(async () => jobName(project.setting, 'test'));
    const other = await project.runOther({ name, Cmd: ['sleep', '600'] });
    await expect(runIn(attempt, jobOf('true'))).rejects.toMatchObject({
      type: 'JobFailed',
      message: expect.stringContaining(name),
    });
    expect((await other.inspect()).State.Running).toBe(true);
  });
});

describe('the sweep', { timeout: 60_000 }, () => {
  test('removes jobs of ended runs, and nothing else', async () => {
    const { sweepJobContainers } = createContainerActivities(project.setting);
    const ended = attemptOf({ workflowId: 'ended' });
    const alive = attemptOf({ workflowId: 'alive' });
    await runIn(ended, jobOf('true'));
    await runIn(alive, jobOf('true'));
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
      (await attemptOf().do(() => sweepJobContainers({ livingRuns: [`alive/${alive.runId}`] }))).removed;
    expect(await sweep()).toContain(await ended.do(async () => jobName(project.setting, 'test')));
    expect(await sweep()).toEqual([]);
    expect(await containersOf(alive.runId)).toHaveLength(1);
    expect((await bystander.inspect()).State.Running).toBe(true);
    expect((await neighbour.inspect()).State.Running).toBe(true);
  });
});
