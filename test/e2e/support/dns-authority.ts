import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { trustAuthority } from '../../../scripts/sandbox/authority.ts';
import { ensureDnsImages } from '../../../scripts/sandbox/images.ts';
import type { Installation } from './installation.ts';
import { until } from './sandbox-client.ts';

const zone = 'hermes.localhost';
const keyName = 'hermes-ops.';

/** The sandbox's authority, asking a DNS server that challenges can be put into. */
export interface DnsAuthority {
  directoryUrl: string;
  /** certbot with the plugin that updates it. */
  certbotImage: string;
  /** Writes a credentials file of the plugin's: what the server takes, or another key. */
  writeCredentials(file: string, other?: { name?: string; secret?: string }): Promise<void>;
  /** The challenges that the DNS has at this moment. */
  challenges(): Promise<string[]>;
}

/** A DNS server, and the authority started anew so that it asks this one. Both end with the sandbox. */
export async function startDnsAuthority(hermes: Installation): Promise<DnsAuthority> {
  const images = await ensureDnsImages();
  const secret = randomBytes(32).toString('base64');
  const address = await startServer(hermes, images.dns, secret);
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([address]);
  await until('the DNS answers', () =>
    resolver.resolveNs(zone).then(
      () => true,
      () => false,
    ),
  );
  return {
    directoryUrl: await startAuthority(hermes, address),
    certbotImage: images['certbot-dns'],
    async writeCredentials(file, other = {}) {
      const key = { name: keyName, secret, algorithm: 'HMAC-SHA256', ...other };
      const lines = { server: address, port: 53, ...key };
      const text = Object.entries(lines).map(([name, value]) => `dns_rfc2136_${name} = ${value}\n`);
      await writeFile(file, text.join(''), { mode: 0o600 });
    },
    async challenges() {
      const records = await resolver.resolveTxt(`_acme-challenge.${zone}`).catch(() => []);
      return records.flat();
    },
  };
}

async function startServer(
  { docker, sandbox, directory }: Installation,
  image: string,
  secret: string,
): Promise<string> {
  const own = join(directory, 'dns');
  await mkdir(own, { recursive: true });
  const key = `key "${keyName}" { algorithm hmac-sha256; secret "${secret}"; };\n`;
  await writeFile(join(own, 'key.conf'), key, { mode: 0o600 });
  const container = await docker.createContainer({
    name: `${sandbox.project}-dns`,
    Image: image,
    Labels: { 'hermes-ops.sandbox': 'true' },
    HostConfig: { NetworkMode: sandbox.network, Binds: [`${own}:/etc/bind/own:ro`] },
  });
  await container.start();
  const { NetworkSettings } = await container.inspect();
  return NetworkSettings.Networks[sandbox.network]?.IPAddress ?? '';
}

/** In the place of the sandbox's own, which asks Docker's DNS. */
async function startAuthority({ docker, sandbox }: Installation, dnsAddress: string): Promise<string> {
  const { authority, folders, network } = sandbox;
  if (authority === undefined) throw new Error('This sandbox has no certificate authority.');
  const own = docker.getContainer(authority.container);
  const { Config, HostConfig, Image } = await own.inspect();
  await own.remove({ force: true });
  const container = await docker.createContainer({
    name: authority.container,
    Image,
    Cmd: [...(Config.Cmd ?? []), '-dnsserver', `${dnsAddress}:53`],
    Labels: Config.Labels,
    HostConfig,
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: ['authority'] } } },
  });
  await container.start();
  await trustAuthority(authority, folders);
  return authority.directoryUrl;
}
