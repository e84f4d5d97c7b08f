import { existsSync } from 'node:fs';
import Docker from 'dockerode';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { jobExists, runJob } from '../../src/activities/docker/job-container.ts';
import { problemTypeOf } from '../../src/problem.ts';
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

describe('a job', { timeout: 60_000 }, () => {
  test('hands back its exit code, its output and its times, and stays until it is removed', async () => {
    const attempt = attemptOf();
    const outcome = await jobs.run(attempt, jobs.of('echo to stdout; echo to stderr >&2; exit 7'));
    expect(outcome).toMatchObject({ exitCode: 7, oomKilled: false });
    expect(outcome.log).toContain('to stdout');
    expect(outcome.log).toContain('to stderr');
    for (const time of [outcome.startedAt, outcome.finishedAt]) expect(Date.parse(time)).toBeGreaterThan(0);
    expect(await attempt.do(() => jobExists(project.setting, 'test'))).toBe(true);
    await jobs.remove(attempt);
    await jobs.remove(attempt);
    expect(await attempt.do(() => jobExists(project.setting, 'test'))).toBe(false);
  });

  test('takes its arguments as they are, whatever a shell would make of them', async () => {
    const attempt = attemptOf();
    const hostile = `$(touch /tmp/x) "; exit 9 #' \n*`;
    const outcome = await jobs.run(attempt, { ...jobs.of(''), argv: ['printf', '%s', hostile] });
    expect(outcome).toMatchObject({ exitCode: 0, log: hostile });
    await jobs.remove(attempt);
  });

  test('gets its secrets as files of its own user, and inspect shows none of them', async () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1234);
    vi.spyOn(process, 'getgid').mockReturnValue(1235);
    const attempt = attemptOf();
    const outcome = await jobs.run(
      attempt,
      jobs.of('id -u; stat -c "%a %u %g" /.pgpass; cat /.pgpass', {
        files: [{ path: '/.pgpass', content: password }],
        env: ['PGPASSFILE=/.pgpass'],
      }),
    );
    expect(outcome.log).toBe(`1234\n600 1234 1235\n${password}`);
    const inspected = await project.docker.getContainer(await jobs.nameIn(attempt)).inspect();
    expect(JSON.stringify(inspected)).not.toContain(password);
    await jobs.remove(attempt);
  });

  test('gives way to the services, and dies before them when memory ends', async () => {
    const attempt = attemptOf();
    await jobs.run(attempt, jobs.of('true'));
    const { HostConfig } = await jobs.inspectOf(attempt.runId);
    expect(HostConfig).toMatchObject({ CpuShares: 128, OomScoreAdj: 500 });
    expect(HostConfig.RestartPolicy?.Name).toBe('no');
    await jobs.remove(attempt);
  });

  test('leaves no volume behind, although its image asks for one', async () => {
    const attempt = attemptOf();
    await jobs.run(attempt, jobs.of('true'));
    const { Mounts } = await jobs.inspectOf(attempt.runId);
    const volumes = Mounts.flatMap(({ Name }) => (Name === undefined ? [] : [Name]));
    expect(volumes).not.toEqual([]);
    await jobs.remove(attempt);
    const { Volumes } = await project.docker.listVolumes();
    for (const volume of volumes) expect(Volumes.map(({ Name }) => Name)).not.toContain(volume);
  });

  test('whose program does not exist ends, and says so', async () => {
    const attempt = attemptOf();
    const outcome = await jobs.run(attempt, { ...jobs.of(''), argv: ['pg_dumpling'] });
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.log).toContain('pg_dumpling');
    await jobs.remove(attempt);
  });

  test('whose image is not there fails for good, and names the image', async () => {
    const failure = jobs.run(attemptOf(), jobs.of('true', { image: 'hermes-ops-test-no-such-image:1' }));
    await expect(failure).rejects.toMatchObject({
      type: 'JobFailed',
      nonRetryable: true,
      message: expect.stringContaining('hermes-ops-test-no-such-image:1'),
    });
  });

  test('whose folder is not there fails for good, and the folder is not made', async () => {
    const source = `${project.directory}/no-such-folder`;
    const failure = jobs.run(
      attemptOf(),
      jobs.of('true', { mounts: [{ source, target: '/job', readOnly: true }] }),
    );
    await expect(failure).rejects.toMatchObject({
      type: 'JobFailed',
      message: expect.stringContaining(source),
    });
    expect(existsSync(source)).toBe(false);
  });

  test('that somebody removes while it runs is a failure which says so', async () => {
    const attempt = attemptOf();
    const { job, folder } = await jobs.counted('removed');
    const failure = failureOf(jobs.run(attempt, job));
    await untilFile(folder, 'starts');
    const { Id } = await jobs.inspectOf(attempt.runId);
    await project.docker.getContainer(Id).remove({ force: true, v: true });
    expect(await failure).toMatchObject({ type: 'JobFailed', message: expect.stringContaining('removed') });
  });

  test('of an engine that is away is tried again', async () => {
    const setting = { ...project.setting, docker: new Docker({ socketPath: '/nowhere/docker.sock' }) };
    const failure = await attemptOf()
      .do(() => runJob(setting, jobs.of('true'), () => undefined))
      .catch((error: unknown) => error);
    expect(problemTypeOf(failure)).toBe('Unreachable');
    expect(failure).toMatchObject({ nonRetryable: false });
  });
});
