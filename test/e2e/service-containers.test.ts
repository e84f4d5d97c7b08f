import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createContainerActivities } from '../../src/activities/docker/activities.ts';
import { execIn } from '../../src/activities/docker/exec.ts';
import { freeBytesIn } from '../../src/activities/docker/free-space.ts';
import { findServiceContainers, runningContainer } from '../../src/activities/docker/service-containers.ts';
import { createServiceContainerActivities } from '../../src/activities/docker/service-activities.ts';
import { type ComposeProject, createComposeProject } from './support/compose-project.ts';
import { attemptOf } from './support/run.ts';

const hearsTerm = ['sh', '-c', 'trap "exit 0" TERM; while true; do sleep 0.05; done'];

/** Answers every request with 200. */
const answers = [
  'perl',
  '-MIO::Socket::INET',
  '-e',
  `my $server = IO::Socket::INET->new(LocalPort => 8000, Listen => 5, ReuseAddr => 1) or die;
   while (1) {
     my $client = $server->accept or next;
     while (<$client>) { last if /^\\r?$/ }
     print $client "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok";
   }`,
];

let project: ComposeProject;
beforeAll(async () => {
  project = await createComposeProject();
}, 60_000);
afterAll(async () => project.remove(), 60_000);

async function redis(): Promise<string> {
  return (await runningContainer(project.setting, 'cache')).id;
}

describe('the containers of a service', { timeout: 60_000 }, () => {
  test('are found by compose’s labels, whatever their names, in the order of their numbers', async () => {
    const second = await project.run('redis', {
      name: `${project.name}-zzz`,
      Cmd: hearsTerm,
      Labels: { 'com.docker.compose.container-number': '1' },
    });
    const first = await project.run('redis', {
      name: `${project.name}-aaa`,
      Cmd: hearsTerm,
      Labels: { 'com.docker.compose.container-number': '2' },
    });
    await project.run('redis', { Cmd: hearsTerm, Labels: { 'com.docker.compose.oneoff': 'True' } });
    const found = await findServiceContainers(project.setting, 'cache');
    expect(found.map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(found[0]).toMatchObject({ running: true, image: expect.stringMatching(/^sha256:/) });
    expect(found[0]?.networks).toEqual([{ name: project.network, address: expect.stringMatching(/^\d+\./) }]);
  });

  test('that are not there are named together with what there is', async () => {
    await expect(findServiceContainers(project.setting, 'proxy')).rejects.toMatchObject({
      type: 'UnknownContainer',
      message: expect.stringMatching(/no container of the service nginx.*redis/s),
    });
  });

  test('that are all stopped are tried again', async () => {
    const stopped = await project.run('postgres', { Cmd: ['true'] });
    await stopped.wait();
    await expect(runningContainer(project.setting, 'database')).rejects.toMatchObject({
      type: 'Unreachable',
      nonRetryable: false,
    });
  });
});

describe('a program inside a container', { timeout: 60_000 }, () => {
  test('gets its arguments unchanged and hands back both outputs and its exit code', async () => {
    const script = 'printf %s "$0"; printf %s oops >&2; exit 4';
    const result = await execIn(project.setting, await redis(), ['sh', '-c', script, 'a "b" $c']);
    expect(result).toEqual({ exitCode: 4, stdout: 'a "b" $c', stderr: 'oops' });
  });

  test('that prints without end costs a bounded amount of memory', async () => {
    const { stdout } = await execIn(project.setting, await redis(), ['head', '-c', '5000000', '/dev/zero']);
    expect(stdout.length).toBeLessThanOrEqual(1024 * 1024);
  });

  test('that does not end is not waited for', async () => {
    await expect(execIn(project.setting, await redis(), ['sleep', '20'], 200)).rejects.toMatchObject({
      type: 'Unreachable',
      message: expect.stringContaining('sleep'),
    });
  });

  test('tells the free space of a volume as the container sees it', async () => {
    const freeBytes = await freeBytesIn(project.setting, await redis(), '/var/lib/postgresql/data');
    expect(freeBytes).toBeGreaterThan(1_000_000);
    await expect(freeBytesIn(project.setting, await redis(), '/no/such/place')).rejects.toThrow(
      '/no/such/place',
    );
  });
});

describe('the api’s containers', { timeout: 60_000 }, () => {
  test('are restarted once, and only those that were started before', async () => {
    const containers = createContainerActivities(project.setting);
    const api = await project.run('api', { Cmd: answers, HostConfig: { Init: true } });
    const name = (await api.inspect()).Name.slice(1);
    const before = new Date().toISOString();
    expect(await attemptOf().do(() => containers.restartApi({ before }))).toEqual({ restarted: [name] });
    const { StartedAt } = (await api.inspect()).State;
    expect(await attemptOf().do(() => containers.restartApi({ before }))).toEqual({ restarted: [] });
    expect((await api.inspect()).State.StartedAt).toBe(StartedAt);
  });

  test('are stopped and started; stopped already and started already are success', async () => {
    const containers = createContainerActivities(project.setting);
    const [api] = await findServiceContainers(project.setting, 'api');
    const running = async (): Promise<boolean> =>
      (await findServiceContainers(project.setting, 'api')).every((container) => container.running);
    for (const _ of [1, 2]) {
      expect(await attemptOf().do(() => containers.stopApi())).toEqual({ stopped: [api?.name] });
      expect(await running()).toBe(false);
    }
    for (const _ of [1, 2]) {
      expect(await attemptOf().do(() => containers.startApi())).toEqual({ started: [api?.name] });
      expect(await running()).toBe(true);
    }
  });

  test('that run but never answer fail the restart with their state', async () => {
    const sick = await createComposeProject({
      compose: { project: 'x', services: { api: { startWithin: '1s' } } },
    });
    try {
      sick.setting.stack.compose.project = sick.name;
      await sick.run('api', { Cmd: hearsTerm });
      const containers = createContainerActivities(sick.setting);
      await expect(
        attemptOf().do(() => containers.restartApi({ before: new Date().toISOString() })),
      ).rejects.toMatchObject({
        type: 'ContainerFailed',
        message: expect.stringMatching(/runs but does not answer/),
      });
    } finally {
      await sick.remove();
    }
  });
});

describe('a container whose image', { timeout: 60_000 }, () => {
  /** Answers, on an image of its own that has one name. */
  async function ofOwnImage(): Promise<{ own: ComposeProject; api: Docker.Container; image: string }> {
    const own = await createComposeProject();
    own.setting.stack.compose.project = own.name;
    const seed = await own.runOther({ Cmd: ['true'] });
    await seed.wait();
    const image = `hermes-ops-${own.name}:1`;
    await seed.commit({ repo: `hermes-ops-${own.name}`, tag: '1' });
    const api = await own.run('api', { Image: image, Cmd: answers, HostConfig: { Init: true } });
    return { own, api, image };
  }

  const askedFor = { number: 2, service: 'api' };

  test('has lost its name is copied from the very image that it runs', async () => {
    const { own, api, image } = await ofOwnImage();
    const services = createServiceContainerActivities(own.setting);
    const { Image: id, State } = await api.inspect();
    try {
      await own.docker.getImage(image).remove({ force: true });
      const made = await attemptOf().do(() =>
        services.startReplica({ ...askedFor, id: api.id, startedAt: State.StartedAt }),
      );
      expect(made).toMatchObject({ answers: true, image: id });
    } finally {
      await own.remove();
      await own.docker.getImage(id).remove();
    }
  });

  test('is gone from the engine is not copied, and the image is named', async () => {
    const { own, api, image } = await ofOwnImage();
    const services = createServiceContainerActivities(own.setting);
    try {
      await api.stop({ t: 0 });
      await own.docker.getImage(image).remove({ force: true });
      await api.start();
      const look = await services.lookAtService({ service: 'api' });
      expect(look.uncopyable).toEqual([`its image (${image}) is gone from the engine`]);
      const startedAt = look.containers[0]?.startedAt ?? '';
      await expect(
        attemptOf().do(() => services.startReplica({ ...askedFor, id: api.id, startedAt })),
      ).rejects.toMatchObject({
        type: 'CannotCopy',
        message: expect.stringMatching(/The image sha256:\w+ is gone.*Pull or build it again/s),
      });
    } finally {
      await own.remove();
    }
  });
});
