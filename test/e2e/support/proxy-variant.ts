import { join } from 'node:path';
import type Docker from 'dockerode';
import type { Installation } from './installation.ts';
import { handshake } from '../../../scripts/sandbox/handshake.ts';
import { until } from './sandbox-client.ts';

/** Another nginx in the place of the sandbox's own, which is stopped meanwhile. */
export interface ProxyVariant {
  /** The sandbox's own serves again. */
  remove(): Promise<void>;
}

/** The sandbox's nginx as many compose files have it: certificate and key are two mounts of a file each. */
export async function proxyMountedByFiles(installation: Installation): Promise<ProxyVariant> {
  const target = '/etc/nginx/ssl';
  return proxyVariant(installation, ({ Binds }) => ({
    Binds: [
      ...(Binds ?? []).filter((bind) => !bind.includes(`:${target}`)),
      ...['cert.pem', 'key.pem'].map(
        (name) => `${join(installation.sandbox.folders.ssl, name)}:${target}/${name}:ro`,
      ),
    ],
  }));
}

/** The sandbox's nginx with a root that nothing can be written to, its hosts file among it. */
export async function proxyReadOnly(installation: Installation): Promise<ProxyVariant> {
  return proxyVariant(installation, () => ({
    ReadonlyRootfs: true,
    Tmpfs: { '/run': '', '/var/lib/nginx': '' },
  }));
}

async function proxyVariant(
  { docker, sandbox }: Installation,
  changes: (hostConfig: Docker.HostConfig) => Docker.HostConfig,
): Promise<ProxyVariant> {
  const name = sandbox.containers.nginx;
  const { Id, Config, HostConfig, Image } = await docker.getContainer(name).inspect();
  const own = docker.getContainer(Id);
  await own.stop();
  await own.rename({ name: `${name}-own` });
  const variant = await docker.createContainer({
    name,
    Image,
    Cmd: Config.Cmd,
    Labels: Config.Labels,
    ExposedPorts: Config.ExposedPorts,
    HostConfig: { ...HostConfig, ...changes(HostConfig) },
    NetworkingConfig: { EndpointsConfig: { [sandbox.network]: { Aliases: ['nginx'] } } },
  });
  await variant.start();
  await served(sandbox);
  return {
    async remove() {
      await variant.remove({ force: true });
      await own.rename({ name });
      await own.start();
      await served(sandbox);
    },
  };
}

async function served(sandbox: Installation['sandbox']): Promise<void> {
  await until('nginx answers', async () => 'fingerprint' in (await handshake(sandbox)));
}
