import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Job } from '../docker/job-settings.ts';
import { engineCall } from '../docker/engine.ts';
import { findServiceContainers } from '../docker/service-containers.ts';
import type { Setting } from '../setting.ts';
import { ensureFolder, refusal } from './durable.ts';
import type { ConfiguredPair } from './place.ts';
import { webrootOnHost } from './webroot.ts';

const scratch = '/tmp/hermes-ops-certbot';
export const certbotLog = `${scratch}/logs/letsencrypt.log`;
const authorityFile = '/tmp/hermes-ops-acme-ca.pem';
const challengePort = 80;

/** One job a lineage: a run may renew two. */
export function obtainStep({ keyType }: Pick<ConfiguredPair, 'keyType'>): string {
  return `certbot-${keyType}`;
}

/**
 * certbot in a container of its own, on the proxy's network. Its folders have the paths that they have on the host, so
 * that what it writes into the lineage's settings holds for a certbot on the host too.
 */
export async function certbotJob(setting: Setting, pair: ConfiguredPair): Promise<Job> {
  const { certificates } = setting.stack;
  const { letsencryptDirectory, acmeCaFile, certbotImage, dns } = certificates;
  await makeReady(letsencryptDirectory);
  const webroot = certificates.challenge === 'http-01' ? await webrootOnHost(setting) : undefined;
  const credentials = certificates.challenge === 'dns-01' ? dns?.credentialsFile : undefined;
  // In certbot's own folder it is there already, and is not to be written anew.
  const secrets = credentials?.startsWith(`${letsencryptDirectory}/`) === true ? undefined : credentials;
  return {
    step: obtainStep(pair),
    image: certbotImage,
    argv: certbotArguments(certificates, pair, webroot),
    // Python's own list of authorities does not hold a private one.
    env: acmeCaFile === undefined ? [] : [`REQUESTS_CA_BUNDLE=${authorityFile}`],
    mounts: [letsencryptDirectory, ...(webroot === undefined ? [] : [webroot])].map((folder) => ({
      source: folder,
      target: folder,
      readOnly: false,
    })),
    files: [
      ...(acmeCaFile === undefined
        ? []
        : [{ path: authorityFile, content: await readFile(acmeCaFile, 'utf8') }]),
      ...(secrets === undefined ? [] : [{ path: secrets, content: await readFile(secrets, 'utf8') }]),
    ],
    ...(await standInForProxy(setting)),
  };
}

async function makeReady(folder: string): Promise<void> {
  try {
    await ensureFolder(folder);
  } catch (error) {
    throw refusal(folder, error);
  }
}

/** certbot's command line. That a renewal is due was decided before: certbot has its own idea of it. */
export function certbotArguments(
  certificates: Setting['stack']['certificates'],
  { lineage, keyType }: Pick<ConfiguredPair, 'lineage' | 'keyType'>,
  webroot: string | undefined,
): string[] {
  const { hostnames, acmeServer, email, letsencryptDirectory } = certificates;
  return [
    'certbot',
    'certonly',
    '--non-interactive',
    '--agree-tos',
    ...(email === undefined ? ['--register-unsafely-without-email'] : ['--email', email, '--no-eff-email']),
    '--server',
    acmeServer,
    '--cert-name',
    lineage,
    ...hostnames.flatMap((name) => ['--domain', name]),
    '--key-type',
    keyType,
    '--force-renewal',
    '--renew-with-new-domains',
    // Hooks are for the host, and programs of the host are not here.
    '--no-directory-hooks',
    '--max-log-backups',
    '0',
    '--config-dir',
    letsencryptDirectory,
    '--work-dir',
    `${scratch}/work`,
    '--logs-dir',
    posix.dirname(certbotLog),
    ...challengeArguments(certificates, webroot),
  ];
}

function challengeArguments(
  { challenge, dns }: Setting['stack']['certificates'],
  webroot: string | undefined,
): string[] {
  if (challenge === 'standalone')
    return ['--standalone', '--preferred-challenges', 'http', '--http-01-port', String(challengePort)];
  if (challenge === 'http-01' || dns === undefined)
    return ['--webroot', ...(webroot === undefined ? [] : ['--webroot-path', webroot])];
  const { plugin, credentialsFile, propagationMs } = dns;
  return [
    `--dns-${plugin}`,
    ...(credentialsFile === undefined ? [] : [`--dns-${plugin}-credentials`, credentialsFile]),
    ...(propagationMs === undefined
      ? []
      : [`--dns-${plugin}-propagation-seconds`, String(Math.ceil(propagationMs / 1000))]),
  ];
}

/** Where it works: the proxy's network. Standalone it answers in the place of the stopped proxy. */
async function standInForProxy(setting: Setting): Promise<Pick<Job, 'network' | 'ports' | 'aliases'>> {
  const [proxy] = await findServiceContainers(setting, 'proxy');
  const network = proxy?.networks[0]?.name ?? 'bridge';
  if (proxy === undefined || setting.stack.certificates.challenge !== 'standalone') return { network };
  const { HostConfig, NetworkSettings } = await engineCall(`Looking at the ports of ${proxy.name}`, () =>
    setting.docker.getContainer(proxy.id).inspect(),
  );
  const bindings: unknown = HostConfig.PortBindings?.[`${challengePort}/tcp`];
  const aliases: string[] = NetworkSettings.Networks[network]?.Aliases ?? [];
  return {
    network,
    ports: bindingsIn(bindings),
    // The short id is the proxy's own.
    aliases: aliases.filter((alias) => !proxy.id.startsWith(alias)),
  };
}

function bindingsIn(bindings: unknown): NonNullable<Job['ports']> {
  if (!Array.isArray(bindings)) return [];
  return bindings.flatMap((binding: unknown) => {
    if (typeof binding !== 'object' || binding === null) return [];
    const hostPort = 'HostPort' in binding && typeof binding.HostPort === 'string' ? binding.HostPort : '';
    const hostIp = 'HostIp' in binding && typeof binding.HostIp === 'string' ? binding.HostIp : '';
    return hostPort === '' ? [] : [{ hostIp, hostPort, containerPort: challengePort }];
  });
}
