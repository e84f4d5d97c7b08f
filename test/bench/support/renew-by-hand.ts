import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { placePair } from '../../../scripts/sandbox/certificates.ts';
import { run } from '../../../scripts/sandbox/command.ts';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';

const socket = '/var/run/docker.sock';

/** certbot's own folder for these ways: ours must not find what they ordered. */
const folderOf = ({ folders }: Sandbox): string => join(folders.root, 'by-hand');

/** The runbook's way: nginx stopped, certbot on its port, both files copied, nginx started. */
export async function stopRenewStart(sandbox: Sandbox): Promise<void> {
  const { nginx } = sandbox.containers;
  await run('docker', ['stop', nginx]);
  await certbot(sandbox, []);
  await copyPair(sandbox);
  await run('docker', ['start', nginx]);
}

/** `certbot renew --standalone` with hooks that stop and start nginx: it is down for the order alone. */
export async function renewWithHooks(sandbox: Sandbox): Promise<void> {
  const { nginx } = sandbox.containers;
  const tell = (what: string): string =>
    `python3 -c "import http.client,socket;c=http.client.HTTPConnection('d');s=socket.socket(socket.AF_UNIX);s.connect('${socket}');c.sock=s;c.request('POST','/containers/${nginx}/${what}');c.getresponse().read()"`;
  const live = `/etc/letsencrypt/live/${sandbox.serverName}`;
  const copy = `cp ${live}/fullchain.pem /ssl/cert.pem && cp ${live}/privkey.pem /ssl/key.pem`;
  const hooks = ['--pre-hook', tell('stop'), '--post-hook', tell('start'), '--deploy-hook', copy];
  const mounts = ['--volume', `${socket}:${socket}`, '--volume', `${sandbox.folders.ssl}:/ssl`];
  await certbot(sandbox, hooks, mounts);
}

async function certbot(sandbox: Sandbox, extra: string[], mounts: string[] = []): Promise<void> {
  const { authority, project } = sandbox;
  if (authority === undefined) throw new Error('This sandbox has no certificate authority.');
  const folder = folderOf(sandbox);
  await mkdir(folder, { recursive: true });
  // The authority looks for the challenge at nginx's names.
  const aliases = authority.hostnames.flatMap((name) => ['--network-alias', name]);
  const volumes = [
    '--volume',
    `${folder}:/etc/letsencrypt`,
    '--volume',
    `${authority.caFile}:/authority.pem:ro`,
  ];
  const container = ['--network', `${project}_default`, '--env', 'REQUESTS_CA_BUNDLE=/authority.pem'];
  const order = ['certbot', 'certonly', '--standalone', '--non-interactive', '--force-renewal'];
  const account = ['--agree-tos', '--register-unsafely-without-email', '--server', authority.directoryUrl];
  const names = authority.hostnames.flatMap((name) => ['-d', name]);
  await run(
    'docker',
    ['run', '--rm']
      .concat(container, aliases, volumes, mounts, authority.certbotImage)
      .concat(order, account, '--cert-name', sandbox.serverName, names, extra),
    { timeoutMs: 180_000 },
  );
}

async function copyPair(sandbox: Sandbox): Promise<void> {
  const live = join(folderOf(sandbox), 'live', sandbox.serverName);
  const [certificatePem, keyPem] = await Promise.all(
    ['fullchain.pem', 'privkey.pem'].map((name) => readFile(join(live, name), 'utf8')),
  );
  await placePair(sandbox.folders.ssl, { certificatePem: certificatePem ?? '', keyPem: keyPem ?? '' });
}

/** What they ordered is forgotten, the account stays. */
export async function forgetByHand(sandbox: Sandbox): Promise<void> {
  for (const name of ['live', 'archive', 'renewal'])
    await rm(join(folderOf(sandbox), name), { recursive: true, force: true });
}
