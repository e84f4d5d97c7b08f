import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureWorkerImage } from '../../scripts/image/worker-image.ts';
import { projectRoot } from '../../scripts/project.ts';
import { run } from '../../scripts/sandbox/command.ts';
import { findCompose } from '../../scripts/sandbox/compose.ts';
import { handshake } from '../../scripts/sandbox/handshake.ts';
import { freePorts } from '../../scripts/sandbox/ports.ts';
import { type Sandbox, startSandbox, stopSandbox } from '../../scripts/sandbox/sandbox.ts';
import { ensureTemporalCli } from '../../src/temporal/cli.ts';
import { type DevServer, startDevServer } from '../../src/temporal/dev-server.ts';
import { pairFor, serve } from './support/certificate-ground.ts';
import { type Door, openDoor } from './support/door.ts';
import { refusalOf } from './support/refusals.ts';
import { until } from './support/sandbox-client.ts';
import { start } from './support/runs.ts';
import { logOf, ownFolder, startWorkerContainer, user } from './support/worker-container.ts';

/** The first build fetches Node and all packages. */
const buildTimeoutMs = 20 * 60_000;
const healthyWithinMs = 2 * 60_000;
/** The exit code of what did not end by itself. */
const killed = 128 + constants.signals.SIGKILL;

const project = `image-${process.pid}`;
const containers: Docker.Container[] = [];
let directory: string;
let image: string;
let sandbox: Sandbox;
let temporal: DevServer;
let door: Door;
let connection: Connection;
let worker: Docker.Container;

const log = (line: string): void => void process.stderr.write(`${line}\n`);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hermes-ops-image-'));
  image = await ensureWorkerImage({ log });
  sandbox = await startSandbox({
    stateDirectory: join(directory, 'state'),
    project,
    ports: await freePorts(),
    rows: 5000,
    healthIntervalS: 1,
    authority: true,
  });
  temporal = await startTemporal();
  door = await openDoor(await gatewayOf(sandbox.network), temporal.port);
  connection = await Connection.connect({ address: temporal.address });
  worker = await startContainer();
}, buildTimeoutMs);

afterAll(async () => {
  await Promise.all(
    containers.map((container) => container.remove({ force: true, v: true }).catch(() => undefined)),
  );
  await connection?.close();
  door?.close();
  await temporal?.stop();
  await stopSandbox({ stateDirectory: join(directory, 'state'), project });
  await rm(directory, { recursive: true, force: true });
});

async function startContainer(
  more: { temporalAddress?: string; mountedBackups?: string; renewsCertificates?: boolean } = {},
): Promise<Docker.Container> {
  const options = { image, sandbox, temporalAddress: door.address, directory, ...more };
  const container = await startWorkerContainer(options);
  containers.push(container);
  return container;
}

/** The host's address on the sandbox's network: what a container reaches. */
async function gatewayOf(network: string): Promise<string> {
  const format = '{{range .IPAM.Config}}{{.Gateway}}{{end}}';
  return (await run('docker', ['network', 'inspect', '--format', format, network])).trim();
}

async function startTemporal(): Promise<DevServer> {
  const chosenPath = process.env['TEMPORAL_CLI_PATH'];
  const stateDirectory = join(directory, 'state');
  const { path } = await ensureTemporalCli({ stateDirectory, chosenPath, log });
  return startDevServer({
    cliPath: path,
    databaseFile: join(directory, 'temporal.db'),
    logFile: join(directory, 'temporal.log'),
    log,
  });
}

function renew(workflowId: string): Promise<WorkflowHandle> {
  return start(new Client({ connection }), 'renewCertificate', workflowId, { by: 'chris' });
}

async function exec(...argv: string[]): Promise<string> {
  return run('docker', ['exec', worker.id, ...argv]);
}

describe('the worker’s image', () => {
  test('becomes healthy, and takes a backup that is complete on the host', async () => {
    await until('the worker is healthy', async () => (await health(worker)) === 'healthy', healthyWithinMs);
    const client = new Client({ connection });
    const handle = await start(client, 'backupDatabase', 'backup-in-a-container', {
      by: 'chris',
      reason: 'the worker is a container',
    });
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    const backups = join(directory, 'backups');
    const made = await readdir(backups);
    expect(made).toHaveLength(1);
    const manifest = await stat(join(backups, made[0] ?? '', 'manifest.json'));
    expect(`${manifest.uid}:${manifest.gid}`).toBe(user);
  });

  test('answers the command line inside it', async () => {
    const printed = await exec('hermes-ops', 'run', 'list-backups', '--json');
    expect(JSON.parse(printed.trim().split('\n').at(-1) ?? '')).toMatchObject({
      outcome: 'done',
      result: { report: [{ database: 'hermes', reason: 'the worker is a container' }] },
    });
  });

  test('runs as a user without rights, on a file system that it cannot change', async () => {
    expect((await exec('id', '-u')).trim()).toBe(user.split(':')[0]);
    await expect(exec('touch', '/opt/hermes-ops/changed')).rejects.toThrow(/Read-only file system/);
    const shown = JSON.stringify(await worker.inspect());
    for (const secret of Object.values(sandbox.secrets)) expect(shown).not.toContain(secret);
  });

  test('does not start when its directory of backups is not the host’s, and leaves no token behind', async () => {
    const before = await readdir(join(directory, 'backups'));
    const other = await startContainer({
      mountedBackups: await ownFolder(directory, 'somewhere-else'),
    });
    const { StatusCode } = await other.wait();
    expect(StatusCode).not.toBe(0);
    expect(await logOf(other)).toMatch(/The worker does not see in \S+\/backups what a job container writes/);
    expect(await readdir(join(directory, 'backups'))).toEqual(before);
    expect(await readdir(join(directory, 'somewhere-else'))).toEqual([]);
  });

  test('without the rights to renew a certificate says what is missing, and orders nothing', async () => {
    const before = await serve({ sandbox }, await pairFor({ sandbox }));
    const refusal = await refusalOf(await renew('renew-without-rights'));
    expect(refusal).toMatchObject({
      type: 'CannotInstall',
      message: expect.stringContaining(sandbox.folders.ssl),
    });
    expect(await handshake(sandbox)).toMatchObject({ fingerprint: before });
  });

  test('ends by itself within its grace period when it is stopped', async () => {
    await worker.stop();
    const { State } = await worker.inspect();
    expect(State).toMatchObject({ ExitCode: 0, OOMKilled: false });
    expect(await logOf(worker)).toContain('Worker stopped.');
  });
});

// Only root can give a folder to root.
test.runIf(process.getuid?.() === 0)(
  'with the rights and folders of deploy/certificates.yml it renews a certificate, whose key keeps its owner',
  async () => {
    const before = await serve({ sandbox }, await pairFor({ sandbox }));
    const key = join(sandbox.folders.ssl, 'key.pem');
    const { uid, gid, mode } = await stat(key);
    const renewing = await startContainer({ renewsCertificates: true });
    await until('it is healthy', async () => (await health(renewing)) === 'healthy', healthyWithinMs);
    const result: unknown = await (await renew('renew-with-rights')).result();
    expect(result).toMatchObject({ outcome: 'done' });
    const seen = await handshake(sandbox);
    expect(seen).toHaveProperty('fingerprint');
    expect(seen).not.toHaveProperty('fingerprint', before);
    expect(await stat(key)).toMatchObject({ uid, gid, mode });
    await renewing.stop();
  },
);

test('a worker that is stopped while Temporal is away ends within its grace period', async () => {
  const alone = await startContainer();
  await until('it is healthy', async () => (await health(alone)) === 'healthy', healthyWithinMs);
  const handle = await start(new Client({ connection }), 'backupDatabase', 'backup-cut-off', { by: 'chris' });
  await until('a step is under way', async () => {
    const { events } = await handle.fetchHistory();
    return events?.some(({ activityTaskScheduledEventAttributes: step }) => step) ?? false;
  });
  door.close();
  await alone.stop();
  expect((await alone.inspect()).State.ExitCode).not.toBe(killed);
});

test('a worker that waits for Temporal while it starts can be stopped', async () => {
  const silent = createServer().listen(0, await gatewayOf(sandbox.network));
  await once(silent, 'listening');
  const address = silent.address();
  if (address === null || typeof address === 'string') throw new Error('The silent server has no port.');
  const asked = once(silent, 'connection');
  const waiting = await startContainer({ temporalAddress: `${address.address}:${address.port}` });
  await asked;
  await waiting.stop();
  silent.close();
  expect((await waiting.inspect()).State.ExitCode).toBe(128 + constants.signals.SIGTERM);
});

test('compose understands docker-compose.temporal.yml, alone and with what certificates need', async () => {
  const { program, leadingArgs } = await findCompose(log);
  const files = ['docker-compose.temporal.yml', 'deploy/certificates.yml'].flatMap((file) => [
    '-f',
    join(projectRoot, file),
  ]);
  const variables = {
    HERMES_OPS_SECRETS: join(directory, 'secrets'),
    HERMES_OPS_STACK_FILE: join(directory, 'container.yaml'),
    HERMES_OPS_BACKUPS: join(directory, 'backups'),
    DOCKER_GID: '999',
    HERMES_CERTIFICATES: join(directory, 'ssl'),
    HERMES_WEBROOT: join(directory, 'webroot'),
    LETSENCRYPT: join(directory, 'letsencrypt'),
    HERMES_OPS_INCOMING: join(directory, 'incoming'),
  };
  const alone = await run(program, [...leadingArgs, ...files.slice(0, 2), 'config'], { env: variables });
  expect(alone).not.toContain(join(directory, 'ssl'));
  const printed = await run(program, [...leadingArgs, ...files, 'config'], { env: variables });
  expect(printed).toContain('temporalio/server:1.32.0');
  expect(printed).toContain(join(directory, 'ssl'));
});

async function health(container: Docker.Container): Promise<string | undefined> {
  const { State } = await container.inspect();
  if (!State.Running) throw new Error(`The worker has ended:\n${await logOf(container)}`);
  return State.Health?.Status;
}
