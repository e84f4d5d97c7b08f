import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResizePlan, ResizeRequest } from '../../src/activities/contract/limits.ts';
import { createLimitActivities } from '../../src/activities/docker/limits.ts';
import { type ComposeProject, createComposeProject } from './support/compose-project.ts';
import { attemptOf, failureOf } from './support/run.ts';

const mebibyte = 1024 ** 2;
const sleeps = ['/usr/bin/perl', '-e', '$SIG{TERM} = sub { exit }; sleep 1 while 1'];

let project: ComposeProject;
beforeAll(async () => {
  project = await createComposeProject();
});
afterAll(() => project?.remove());

/** A container of the service redis, alone in it. */
async function only(options: Docker.ContainerCreateOptions): Promise<Docker.Container> {
  for (const { Id } of await project.docker.listContainers({
    all: true,
    filters: { label: [`com.docker.compose.project=${project.name}`] },
  }))
    await project.docker.getContainer(Id).remove({ force: true });
  return project.run('redis', { Cmd: sleeps, ...options });
}

const limits = () => createLimitActivities(project.setting);
const planned = (request: Omit<ResizeRequest, 'service'>): Promise<ResizePlan> =>
  attemptOf().do(() => limits().planResize({ service: 'redis', ...request }));
const set = (plan: ResizePlan): Promise<void> => attemptOf().do(() => limits().setLimits({ plan }));
const verify = (plan: ResizePlan, forMs = 0) => attemptOf().do(() => limits().verifyLimits({ plan, forMs }));
const giveBack = (plan: ResizePlan) => attemptOf().do(() => limits().giveBackLimits({ plan }));

async function held(container: Docker.Container) {
  const { Memory, MemorySwap, NanoCpus, CpuQuota } = (await container.inspect()).HostConfig;
  return { Memory, MemorySwap, NanoCpus, CpuQuota };
}

describe('live limits', () => {
  test('of a container with a CPU quota and no swap keep both ways, twice set is once, and come back', async () => {
    const before = { Memory: 64 * mebibyte, MemorySwap: 64 * mebibyte, CpuQuota: 30_000, CpuPeriod: 100_000 };
    const container = await only({ HostConfig: before });
    const plan = await planned({ cpus: 0.5, memoryBytes: 96 * mebibyte });
    for (const _ of [1, 2]) await set(plan);
    expect(await held(container)).toMatchObject({
      Memory: 96 * mebibyte,
      MemorySwap: 96 * mebibyte,
      CpuQuota: 50_000,
      NanoCpus: 0,
    });
    expect(await verify(plan)).toMatchObject([{ cpus: 0.5, memoryBytes: 96 * mebibyte, seenBy: 'cgroup' }]);
    for (const restored of [[plan.containers[0]?.name], []])
      expect(await giveBack(plan)).toEqual({ restored });
    expect(await held(container)).toMatchObject({
      Memory: before.Memory,
      MemorySwap: before.MemorySwap,
      CpuQuota: 30_000,
    });
  });

  test('where there were none are given back as all that the host has', async () => {
    const container = await only({});
    const plan = await planned({ cpus: 0.5, memoryBytes: 96 * mebibyte });
    await set(plan);
    await verify(plan);
    await giveBack(plan);
    expect(await held(container)).toMatchObject({
      Memory: plan.host.memoryBytes,
      MemorySwap: 2 * plan.host.memoryBytes,
      NanoCpus: plan.host.cpus * 1e9,
    });
  });

  test('are seen by the statistics where nothing inside can look', async () => {
    await only({ Env: ['PATH=/nowhere'], Entrypoint: sleeps, Cmd: [] });
    const plan = await planned({ memoryBytes: 96 * mebibyte });
    await set(plan);
    expect(await verify(plan)).toMatchObject([{ memoryBytes: 96 * mebibyte, seenBy: 'statistics' }]);
  });

  test('of a container that does not run hold from its next start', async () => {
    const container = await only({ Cmd: ['true'] });
    await container.wait();
    const plan = await planned({ memoryBytes: 96 * mebibyte });
    expect(plan.warnings).toEqual([expect.stringMatching(/does not run.*next start/)]);
    await set(plan);
    expect(await verify(plan)).toMatchObject([{ seenBy: 'nothing: it does not run' }]);
    expect(await held(container)).toMatchObject({ Memory: 96 * mebibyte });
  });
});

describe('limits are not set', () => {
  test('when the container was made anew since the plan', async () => {
    await only({});
    const plan = await planned({ memoryBytes: 96 * mebibyte });
    const other = await only({});
    await expect(set(plan)).rejects.toMatchObject({ type: 'StalePlan' });
    expect(await held(other)).toMatchObject({ Memory: 0 });
  });

  test('over limits that somebody else set since the plan, nor given back over them', async () => {
    const container = await only({});
    const plan = await planned({ memoryBytes: 96 * mebibyte });
    await container.update({ Memory: 80 * mebibyte, MemorySwap: 160 * mebibyte });
    await expect(set(plan)).rejects.toMatchObject({ type: 'StalePlan' });
    expect(await giveBack(plan)).toEqual({ restored: [] });
    expect(await held(container)).toMatchObject({ Memory: 80 * mebibyte });
  });

  test('when the engine refuses them, in its own words, with the other way', async () => {
    const container = await only({});
    const plan = await planned({ memoryBytes: 96 * mebibyte });
    const [target] = plan.containers;
    if (target !== undefined) target.change = { ...target.change, NanoCpus: 1e15 };
    await expect(set(plan)).rejects.toMatchObject({
      type: 'EngineRefused',
      message: expect.stringMatching(
        /Range of CPUs.*has the limits that it had.*restart-service --service redis --strategy recreate/s,
      ),
    });
    expect(await held(container)).toMatchObject({ Memory: 0, NanoCpus: 0 });
  });
});

describe('a container that is killed for want of memory after its limits were set', () => {
  /** Takes 200 MB when it hears USR1. (Of a constant number Perl would make the text when it compiles.) */
  const hog = `$SIG{TERM} = sub { exit }; my ($x, $n) = ("", 200_000_000); $SIG{USR1} = sub { $x = "x" x $n }; sleep 1 while 1`;

  async function failure(program: string): Promise<unknown> {
    const container = await only({ Entrypoint: ['/usr/bin/perl', '-e', program], Cmd: [] });
    const plan = await planned({ memoryBytes: 32 * mebibyte });
    await set(plan);
    const verified = failureOf(verify(plan, 20_000));
    await container.kill({ signal: 'SIGUSR1' });
    return verified;
  }

  test('fails the resize', async () => {
    expect(await failure(hog)).toMatchObject({ type: 'ContainerFailed' });
  });

  test('fails it also where only a process of it dies', async () => {
    const parent = `$SIG{TERM} = sub { exit }; my $child = fork;
      if ($child == 0) { ${hog} }
      $SIG{USR1} = sub { kill USR1 => $child }; sleep 1 while 1`;
    expect(await failure(parent)).toMatchObject({
      type: 'ContainerFailed',
      message: expect.stringMatching(/A process in .* was killed for want of memory/),
    });
  });
});
