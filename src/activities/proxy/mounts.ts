import type Docker from 'dockerode';
import { posix } from 'node:path';
import { engineCall } from '../docker/engine.ts';
import { findServiceContainers } from '../docker/service-containers.ts';
import type { Setting } from '../setting.ts';

export interface Mount {
  type: string;
  /** On the Docker host. */
  source: string;
  /** In the container. */
  target: string;
}

/** The proxy's mounts, of its running container where one runs. */
export async function proxyMounts(setting: Setting): Promise<Mount[]> {
  const containers = await findServiceContainers(setting, 'proxy');
  const { id, name } = containers.find(({ running }) => running) ?? containers[0] ?? { id: '', name: '' };
  const info: Docker.ContainerInspectInfo = await engineCall(`Looking at the mounts of ${name}`, () =>
    setting.docker.getContainer(id).inspect(),
  );
  return info.Mounts.map(({ Type, Source, Destination }) => ({
    type: Type ?? 'bind',
    source: Source,
    target: Destination,
  }));
}

/** The innermost mount that holds a path of the container. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts
    .filter(({ target }) => path === target || path.startsWith(target.endsWith('/') ? target : `${target}/`))
    .sort((a, b) => b.target.length - a.target.length)[0];
}

/** Where a path of the container is on the Docker host. */
export function hostPath({ source, target }: Mount, path: string): string {
  return posix.join(source, posix.relative(target, path));
}
