import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import Docker from 'dockerode';
import { fileURLToPath } from 'node:url';
import type { Setting } from '../../../src/activities/setting.ts';
import { parseStack } from '../../../src/stack/parse.ts';

/** The sandbox's PostgreSQL, with its programs on PATH; also the image of every other test container. */
export const testImage = 'hermes-ops-test-postgres:15';
const imageFolder = fileURLToPath(new URL('../../../sandbox/images/postgres', import.meta.url));
export const password = process.env['HERMES_OPS_TEST_PASSWORD'] ?? `secret-${randomBytes(6).toString('hex')}`;

/** A compose project of its own: a network, and containers with compose's labels. All of it goes with `remove`. */
export interface ComposeProject {
  name: string;
  docker: Docker;
  directory: string;
  network: string;
  setting: Setting;
  run(service: string, options?: Docker.ContainerCreateOptions): Promise<Docker.Container>;
  /** A container that compose would not know. */
  runOther(options: Docker.ContainerCreateOptions): Promise<Docker.Container>;
  remove(): Promise<void>;
}

export async function createComposeProject(stackFile: Record<string, unknown> = {}): Promise<ComposeProject> {
  const docker = new Docker();
  const name = `test-${randomBytes(4).toString('hex')}`;
  const network = `${name}_default`;
  const directory = await mkdtemp(join(tmpdir(), 'hermes-ops-test-'));
  await ensureTestImage(docker);
  await docker.createNetwork({ Name: network, CheckDuplicate: true });
  const made: Docker.Container[] = [];
  const runOther = async (options: Docker.ContainerCreateOptions): Promise<Docker.Container> => {
    const container = await docker.createContainer({
      Image: testImage,
      ...options,
      HostConfig: { NetworkMode: network, ...options.HostConfig },
      NetworkingConfig: {
        EndpointsConfig: {
          [network]: { Aliases: [options.Labels?.['com.docker.compose.service'] ?? 'other'] },
        },
      },
    });
    made.push(container);
    await container.start();
    return container;
  };
  return {
    name,
    docker,
    directory,
    network,
    setting: settingOf(docker, name, directory, stackFile),
    runOther,
    run: async (service, options = {}) =>
      runOther({
        ...options,
        Labels: {
          'com.docker.compose.project': name,
          'com.docker.compose.service': service,
          'com.docker.compose.container-number': '1',
          'com.docker.compose.oneoff': 'False',
          ...options.Labels,
        },
      }),
    remove: async () => {
      await Promise.all(made.map(async (container) => removeQuietly(container)));
      await removeOurJobs(docker, name);
      await docker.getNetwork(network).remove();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Built from the sandbox's own folder: where the sandbox was built before, the engine's cache has all of it. */
async function ensureTestImage(docker: Docker): Promise<void> {
  const answer = await docker.buildImage(
    { context: imageFolder, src: await readdir(imageFolder) },
    { t: testImage },
  );
  const lines = await new Promise<{ error?: string }[]>((resolve, reject) => {
    docker.modem.followProgress(answer, (error, output) =>
      error === null ? resolve(output) : reject(error),
    );
  });
  const failure = lines.find(({ error }) => error !== undefined)?.error;
  if (failure !== undefined) throw new Error(`${testImage} cannot be built: ${failure}`);
}

export function settingOf(
  docker: Docker,
  name: string,
  directory: string,
  stackFile: Record<string, unknown>,
): Setting {
  const stack = parseStack(
    JSON.stringify({
      stack: name,
      compose: { project: name },
      backups: { directory: join(directory, 'backups'), minimumFreeSpace: '1MiB' },
      ...stackFile,
    }),
    'test.yaml',
  );
  return {
    stack,
    docker,
    secret: async () => password,
    stateDirectory: join(directory, 'state'),
    client: new Client(),
    isAlive: () => Promise.resolve(false),
  };
}

async function removeOurJobs(docker: Docker, stack: string): Promise<void> {
  const jobs = await docker.listContainers({
    all: true,
    filters: { label: [`hermes-ops.stack=${stack}`] },
  });
  await Promise.all(jobs.map(async ({ Id }) => removeQuietly(docker.getContainer(Id))));
}

async function removeQuietly(container: Docker.Container): Promise<void> {
  await container.remove({ force: true, v: true }).catch(() => undefined);
}
