import type Docker from 'dockerode';
import { problem } from '../../problem.ts';
import type { Role } from '../../stack/compose.ts';
import type { Setting } from '../setting.ts';
import { formerOf } from './copy/names.ts';
import { engineCall, unlessGone } from './engine.ts';

/** A container of a compose service, as it is now. */
export interface ServiceContainer {
  id: string;
  name: string;
  /** The image by digest: a tag may have moved. */
  image: string;
  running: boolean;
  startedAt: string;
  health: string | undefined;
  networks: { name: string; address: string }[];
}

/**
 * The containers of a role of the stack, found by compose's labels, in the order of their numbers.
 * Throws UnknownContainer, which says what there is.
 */
export async function findServiceContainers(
  { docker, stack }: Setting,
  role: Role,
): Promise<ServiceContainer[]> {
  const { project, services } = stack.compose;
  const { service } = services[role];
  const labels = [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`];
  const found = await engineCall(`Looking for the containers of ${service}`, () =>
    docker.listContainers({ all: true, filters: { label: [...labels, 'com.docker.compose.oneoff=False'] } }),
  );
  if (found.length === 0) {
    throw problem('UnknownContainer', {
      what: `The compose project ${project} has no container of the service ${service}.`,
      state: `It has: ${(await serviceNames(docker, project)).join(', ') || 'none at all'}.`,
      next: 'Start it, or correct `compose` in the stack file.',
    });
  }
  const inspected = await engineCall(`Looking at the containers of ${service}`, () =>
    Promise.all(found.map(({ Id }) => unlessGone(() => docker.getContainer(Id).inspect()))),
  );
  return (
    inspected
      .filter((info) => info !== undefined)
      // What was replaced is kept for a way back: it must not be started beside its successor.
      .filter(({ Name }) => formerOf(Name.replace(/^\//, '')) === undefined)
      .sort((a, b) => numberOf(a) - numberOf(b))
      .map(serviceContainer)
  );
}

/** The first running container of a role. Throws Unreachable when it has containers, but none that runs. */
export async function runningContainer(setting: Setting, role: Role): Promise<ServiceContainer> {
  const containers = await findServiceContainers(setting, role);
  const running = containers.find((container) => container.running);
  if (running !== undefined) return running;
  throw problem('Unreachable', {
    what: `No container of ${setting.stack.compose.services[role].service} runs (${containers.map(({ name }) => name).join(', ')}).`,
    next: 'It is tried again; start the container.',
  });
}

async function serviceNames(docker: Docker, project: string): Promise<string[]> {
  const all = await docker.listContainers({
    all: true,
    filters: { label: [`com.docker.compose.project=${project}`] },
  });
  return [...new Set(all.map(({ Labels }) => Labels['com.docker.compose.service'] ?? 'unknown'))];
}

function numberOf({ Config }: Docker.ContainerInspectInfo): number {
  return Number(Config.Labels['com.docker.compose.container-number'] ?? 0);
}

function serviceContainer(info: Docker.ContainerInspectInfo): ServiceContainer {
  return {
    id: info.Id,
    name: info.Name.replace(/^\//, ''),
    image: info.Image,
    running: info.State.Running,
    startedAt: info.State.StartedAt,
    health: info.State.Health?.Status,
    networks: Object.entries(info.NetworkSettings.Networks).map(([name, { IPAddress }]) => ({
      name,
      address: IPAddress,
    })),
  };
}
