import { copyFile, mkdir, rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import {
  authorityAt,
  authorityComposeFile,
  authorityIn,
  authorityVariables,
  prepareAuthority,
  type SandboxAuthority,
  trustAuthority,
} from './authority.ts';
import { ensureCertificates } from './certificates.ts';
import { type Compose, composeUp, findCompose, majorOf } from './compose.ts';
import { isSeeded, recreateDatabase, seed } from './database.ts';
import {
  makeSecrets,
  readEnvFile,
  type SandboxSecrets,
  secretsOf,
  secretVariables,
  writeEnvFile,
} from './env-file.ts';
import { sandboxFolders, type SandboxFolders, sandboxSources } from './folders.ts';
import { ensureAuthorityImages, ensureImages, type SandboxImages, type SandboxService } from './images.ts';
import { type SandboxPorts, usualPorts } from './ports.ts';
import type { Log } from '../show.ts';
import { projectContainers, projectVolumes, refuseForeignProject, removeProject } from './project.ts';
import { waitForCustomers, waitForDatabase } from './readiness.ts';

const databaseStartMs = 60_000;
const customersStartMs = 60_000;
const hermesApiCpus = 2;
const serverName = 'hermes.localhost';

/** A sandbox and how it is reached. */
export interface Sandbox {
  project: string;
  /** Through nginx, with TLS: what customers use. */
  baseUrl: string;
  /** The name that every certificate of it covers: to be asked for, since not every resolver knows it. */
  serverName: string;
  /** nginx without TLS: ACME challenges, and redirects. */
  httpUrl: string;
  /** The api's own published port, past nginx. */
  apiUrl: string;
  ports: SandboxPorts;
  /** The authorities that sign nginx's certificates. */
  caFile: string;
  /** Where it has a certificate authority of its own. */
  authority: SandboxAuthority | undefined;
  /** NAME=value lines, for its owner only: the secrets under the names that HERMES uses, ports and images. */
  envFile: string;
  secrets: SandboxSecrets;
  folders: SandboxFolders;
  containers: Record<SandboxService, string>;
  /** The compose project's network. */
  network: string;
}

export interface StartOptions {
  /** The folder for state; the sandbox's own is `sandbox/PROJECT` in it. */
  stateDirectory: string;
  project?: string;
  ports?: SandboxPorts;
  /** How many matters an empty database gets. One that has tables is left as it is. */
  rows?: number;
  /** Docker's health checks look this often, in seconds; HERMES's own numbers are 10 and 30. */
  healthIntervalS?: number;
  /** With a certificate authority that certificates can be ordered from. */
  authority?: boolean;
  log?: Log;
}

/**
 * Starts a sandbox, or completes and finds again one that runs: images, secrets, certificates, containers, rows.
 * Returns when a customer is answered. Throws with what was in the way; what was started stays for a look.
 */
export async function startSandbox(options: StartOptions): Promise<Sandbox> {
  const { stateDirectory, project = 'hermes', ports = usualPorts, rows = 50_000 } = options;
  const { healthIntervalS = 5, authority: withAuthority = false, log = () => undefined } = options;
  const folders = sandboxFolders(stateDirectory, project);
  await refuseForeignProject(project);
  const images = await ensureImages({ log });
  const authorityImages = withAuthority ? await ensureAuthorityImages({ log }) : undefined;
  const compose = await findCompose(log);
  await refuseOtherCompose(project, compose);
  const secrets = await ensureSecrets(project, folders, log);
  const authority =
    authorityImages === undefined ? undefined : authorityAt(project, folders, authorityImages.certbot);
  const sandbox = sandboxAt(project, { ports, secrets, folders, authority });

  const variables = {
    ...composeVariables(sandbox, images, healthIntervalS),
    ...(authorityImages === undefined ? {} : authorityVariables(authorityImages)),
  };
  for (const folder of [folders.nginx, folders.webroot]) await mkdir(folder, { recursive: true });
  await writeEnvFile(folders.envFile, variables);
  await copyFile(join(sandboxSources, 'nginx', 'nginx.conf'), folders.nginxConf);
  await ensureCertificates(folders, images.nginx);

  if (authority !== undefined) await prepareAuthority(folders, images.nginx);
  const files = ['docker-compose.yml', ...(authority === undefined ? [] : [authorityComposeFile])];
  await composeUp(compose, { name: project, files, variables }, log);
  if (authority !== undefined) await trustAuthority(authority, folders);
  await waitForDatabase(sandbox, databaseStartMs);
  if (!(await isSeeded(sandbox.containers.postgres))) {
    log(`Seeding ${rows} matters`);
    await seed(sandbox.containers.postgres, rows);
  }
  await waitForCustomers(sandbox, customersStartMs);
  return sandbox;
}

/** Removes a sandbox: containers, whatever runs on its network, network, volumes, files. Twice is once. */
export async function stopSandbox({ stateDirectory, project = 'hermes' }: StopOptions): Promise<void> {
  const folders = sandboxFolders(stateDirectory, project);
  await removeProject(project);
  await rm(folders.root, { recursive: true, force: true });
}

export interface StopOptions {
  stateDirectory: string;
  project?: string;
}

/** The sandbox that was started under this name, running or not. Throws when there is none. */
export async function findSandbox({ stateDirectory, project = 'hermes' }: StopOptions): Promise<Sandbox> {
  const folders = sandboxFolders(stateDirectory, project);
  const variables = await readEnvFile(folders.envFile);
  const secrets = variables === undefined ? undefined : secretsOf(variables);
  if (variables === undefined || secrets === undefined)
    throw new Error(`There is no sandbox ${project}: ${folders.envFile} is missing. Start it first.`);
  const port = (name: string) => Number(variables[name]);
  const ports = {
    api: port('HERMES_API_PORT'),
    http: port('HERMES_HTTP_PORT'),
    https: port('HERMES_HTTPS_PORT'),
  };
  return sandboxAt(project, {
    ports,
    secrets,
    folders,
    authority: authorityIn(variables, project, folders),
  });
}

/** Throws the sandbox's database away and makes it anew with `rows` matters. Its sessions are ended. */
export async function reseedSandbox({ containers }: Sandbox, rows: number): Promise<void> {
  await recreateDatabase(containers.postgres);
  await seed(containers.postgres, rows);
}

function sandboxAt(
  project: string,
  { ports, secrets, folders, authority }: Pick<Sandbox, 'ports' | 'secrets' | 'folders' | 'authority'>,
): Sandbox {
  return {
    project,
    baseUrl: `https://localhost:${ports.https}`,
    serverName,
    httpUrl: `http://localhost:${ports.http}`,
    apiUrl: `http://127.0.0.1:${ports.api}`,
    ports,
    caFile: authority === undefined ? folders.caFile : folders.trustFile,
    authority,
    envFile: folders.envFile,
    secrets,
    folders,
    containers: {
      api: `${project}-api`,
      postgres: `${project}-postgres`,
      redis: `${project}-redis`,
      nginx: `${project}-nginx`,
    },
    network: `${project}_default`,
  };
}

function composeVariables(
  { project, ports, secrets, folders }: Sandbox,
  images: SandboxImages,
  healthIntervalS: number,
): Record<string, string> {
  return {
    HERMES_PROJECT: project,
    HERMES_API_PORT: String(ports.api),
    HERMES_HTTP_PORT: String(ports.http),
    HERMES_HTTPS_PORT: String(ports.https),
    HERMES_BIND: '127.0.0.1',
    HERMES_SANDBOX_STATE: folders.root,
    HERMES_HEALTH_INTERVAL: `${healthIntervalS}s`,
    // Docker refuses more processors than the machine has.
    HERMES_API_CPUS: String(Math.min(hermesApiCpus, cpus().length)),
    HERMES_API_IMAGE: images.api,
    HERMES_POSTGRES_IMAGE: images.postgres,
    HERMES_REDIS_IMAGE: images.redis,
    HERMES_NGINX_IMAGE: images.nginx,
    ...secretVariables(secrets),
  };
}

/** The two versions name and label things differently: over the other's containers, 2 breaks what runs. */
async function refuseOtherCompose(project: string, compose: Compose): Promise<void> {
  for (const { name, composeVersion } of await projectContainers(project)) {
    if (composeVersion === '' || majorOf(composeVersion) === compose.majorVersion) continue;
    throw new Error(
      `${name} was made by compose ${composeVersion}, and the one here is ${compose.majorVersion}. ` +
        `Nothing was changed. Stop the sandbox ${project} first, and start it again.`,
    );
  }
}

/** The secrets of the sandbox, new for a new one. Data whose password is lost is of no use and is removed. */
async function ensureSecrets(project: string, folders: SandboxFolders, log: Log): Promise<SandboxSecrets> {
  const variables = await readEnvFile(folders.envFile);
  const known = variables === undefined ? undefined : secretsOf(variables);
  if (known !== undefined) return known;
  if ((await projectVolumes(project)).length > 0 || (await projectContainers(project)).length > 0) {
    log(`The secrets of the sandbox ${project} are gone: removing what is left of it`);
    await removeProject(project);
  }
  const secrets = makeSecrets();
  await mkdir(folders.root, { recursive: true, mode: 0o700 });
  await writeEnvFile(folders.envFile, secretVariables(secrets));
  return secrets;
}
