import { chown, copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import { demultiplex } from '../../../src/activities/docker/output.ts';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';
import { certificateSections, writeSandboxStack } from '../../../scripts/sandbox/stack-file.ts';

/** The image's own user; where the tests do not run as root, they cannot give files away, and theirs is used. */
const uid = process.getuid?.() === 0 ? 10_001 : (process.getuid?.() ?? 10_001);
export const user = `${uid}:${uid}`;
const stopTimeoutSeconds = 30;
const secretsFolder = '/run/secrets';
const caFile = '/etc/hermes-ops/service-ca.pem';

export interface WorkerContainerOptions {
  image: string;
  sandbox: Sandbox;
  /** HOST:PORT as the container reaches it. */
  temporalAddress: string;
  /** A folder of the test for secrets, backups and state. */
  directory: string;
  /** What is mounted where the stack file says that backups are. Default: that directory itself. */
  mountedBackups?: string;
  /** With the rights and folders of deploy/certificates.yml. */
  renewsCertificates?: boolean;
}

/** Creates and starts the worker's container as docker-compose.temporal.yml does. */
export async function startWorkerContainer(options: WorkerContainerOptions): Promise<Docker.Container> {
  const { image, sandbox, temporalAddress, directory, renewsCertificates = false } = options;
  const backups = renewsCertificates
    ? await folderOf(0, directory, 'backups-of-root')
    : await ownFolder(directory, 'backups');
  const docker = new Docker();
  const container = await docker.createContainer({
    Image: image,
    User: renewsCertificates ? '0:0' : user,
    Env: [`TEMPORAL_ADDRESS=${temporalAddress}`, 'LOG_LEVEL=WARN'],
    StopTimeout: stopTimeoutSeconds,
    // As the image has it, but sooner: the tests wait for it.
    Healthcheck: { Interval: 1e9 },
    HostConfig: {
      NetworkMode: sandbox.network,
      Init: true,
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'mode=1777,size=64m' },
      CapDrop: ['ALL'],
      CapAdd: renewsCertificates ? ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'] : [],
      SecurityOpt: ['no-new-privileges'],
      GroupAdd: [String((await stat(socketPath())).gid)],
      Mounts: [
        bind(socketPath(), '/var/run/docker.sock'),
        bind(await writeStackFile(options, backups), '/etc/hermes-ops/hermes.yaml', true),
        bind(await copyOf(sandbox.caFile, directory), caFile, true),
        bind(await writeSecrets(options), secretsFolder, true),
        bind(options.mountedBackups ?? backups, backups),
        bind(await ownFolder(directory, 'worker-state'), '/var/lib/hermes-ops'),
        ...(renewsCertificates ? certificateMounts(sandbox) : []),
      ],
    },
  });
  await container.start();
  return container;
}

/** Each has the same path inside and outside. */
function certificateMounts({ folders, authority }: Sandbox): Docker.MountConfig {
  if (authority === undefined) throw new Error('This sandbox has no certificate authority.');
  const written = [folders.ssl, folders.webroot, authority.letsencrypt].map((folder) => bind(folder, folder));
  return [...written, bind(authority.incoming, authority.incoming, true)];
}

/** A folder that belongs to the worker's user. */
export function ownFolder(directory: string, name: string): Promise<string> {
  return folderOf(uid, directory, name);
}

async function folderOf(owner: number, directory: string, name: string): Promise<string> {
  const folder = join(directory, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chown(folder, owner, owner);
  return folder;
}

export async function logOf(container: Docker.Container): Promise<string> {
  const { stdout, stderr } = demultiplex(await container.logs({ stdout: true, stderr: true, follow: false }));
  return `${stdout}${stderr}`;
}

async function writeStackFile(
  { sandbox, directory }: WorkerContainerOptions,
  backups: string,
): Promise<string> {
  const file = join(directory, 'container.yaml');
  const secret = (name: string): { file: string } => ({ file: `${secretsFolder}/${name}` });
  const certificates = certificateSections(sandbox)?.certificates;
  await writeSandboxStack(sandbox, {
    file,
    backups,
    sections: {
      // The sandbox's authorities, as the container sees their file.
      ...(certificates === undefined ? {} : { certificates: { ...certificates, acmeCaFile: caFile } }),
      proxy: {},
      database: { name: 'hermes', password: secret('database') },
      cache: { password: secret('cache') },
      // The sandbox's name and certificate, at the proxy's address on the network that both are on.
      service: {
        url: `https://${sandbox.serverName}`,
        connectTo: 'nginx:443',
        caFile,
        adminToken: secret('admin'),
        testToken: secret('test'),
      },
    },
  });
  return file;
}

async function writeSecrets({ sandbox: { secrets }, directory }: WorkerContainerOptions): Promise<string> {
  const folder = await ownFolder(directory, 'secrets');
  const contents = {
    database: secrets.postgresPassword,
    cache: secrets.redisPassword,
    admin: secrets.adminToken,
    test: secrets.testToken,
  };
  for (const [name, content] of Object.entries(contents)) {
    await writeFile(join(folder, name), `${content}\n`, { mode: 0o600 });
    await chown(join(folder, name), uid, uid);
  }
  return folder;
}

async function copyOf(file: string, directory: string): Promise<string> {
  const copy = join(directory, 'service-ca.pem');
  await copyFile(file, copy);
  await chown(copy, uid, uid);
  return copy;
}

function bind(source: string, target: string, readOnly = false): Docker.MountConfig[number] {
  return { Type: 'bind', Source: source, Target: target, ReadOnly: readOnly };
}

function socketPath(): string {
  return /^unix:\/\/(.+)$/.exec(process.env['DOCKER_HOST'] ?? '')?.[1] ?? '/var/run/docker.sock';
}
