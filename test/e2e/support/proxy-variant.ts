import { join } from 'node:path';
import type { Installation } from './installation.ts';
import { handshake } from '../../../scripts/sandbox/handshake.ts';
import { until } from './sandbox-client.ts';

/** Another nginx in the place of the sandbox's own, which is stopped meanwhile. */
export interface ProxyVariant {
  /** The sandbox's own serves again. */
  remove(): Promise<void>;
}

/** The sandbox's nginx as many compose files have it: certificate and key are two mounts of a file each. */
export async function proxyMountedByFiles({ docker, sandbox }: Installation): Promise<ProxyVariant> {
  const own = docker.getContainer(sandbox.containers.nginx);
  const { Config, HostConfig, Image } = await own.inspect();
  const target = '/etc/nginx/ssl';
  const binds = (HostConfig.Binds ?? []).filter((bind) => !bind.includes(`:${target}`));
  const files = ['cert.pem', 'key.pem'].map(
    (name) => `${join(sandbox.folders.ssl, name)}:${target}/${name}:ro`,
  );
  await own.stop();
  const variant = await docker.createContainer({
    name: `${sandbox.containers.nginx}-by-files`,
    Image,
    Cmd: Config.Cmd,
    Labels: Config.Labels,
    ExposedPorts: Config.ExposedPorts,
    HostConfig: { ...HostConfig, Binds: [...binds, ...files] },
    NetworkingConfig: { EndpointsConfig: { [sandbox.network]: { Aliases: ['nginx'] } } },
  });
  await variant.start();
  await served(sandbox);
  return {
    async remove() {
      await variant.remove({ force: true });
      await own.start();
      await served(sandbox);
    },
  };
}

async function served(sandbox: Installation['sandbox']): Promise<void> {
  await until('nginx answers', async () => 'fingerprint' in (await handshake(sandbox)));
}
