import { existsSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../scripts/sandbox/command.ts';
import { query } from '../../scripts/sandbox/database.ts';
import { imageNames } from '../../scripts/sandbox/images.ts';
import { projectVolumes } from '../../scripts/sandbox/project.ts';
import { reseedSandbox, type Sandbox, startSandbox, stopSandbox } from '../../scripts/sandbox/sandbox.ts';
import { type OwnSandbox, ownSandbox } from './support/own-sandbox.ts';
import { apiAnswers, containerNames, type SandboxClient, until } from './support/sandbox-client.ts';
import { startTraffic } from './support/traffic.ts';

const rows = 2_000;
let own: OwnSandbox;
let sandbox: Sandbox;
let client: SandboxClient;
let project: string;
let stateDirectory: string;

beforeAll(async () => {
  own = await ownSandbox('sandbox-life', { rows });
  ({ sandbox, client, project, stateDirectory } = own);
});
afterAll(() => own?.close());

describe('the customers of tests', () => {
  it('are all answered while nothing happens, and their streams go to the end', async () => {
    const traffic = await startTraffic(sandbox, { keptRequestsPerSecond: 180 });
    const [late] = await Promise.all([client.ask('/_sandbox/wait?seconds=2'), pause(3_000)]);
    expect(late).toMatchObject({ status: 200, json: { waited_s: 2 } });
    const result = await traffic.stop();
    expect(result).toMatchObject({ failed: 0, cutStreams: 0, firstFailures: [] });
    expect(result.sent).toBeGreaterThan((result.durationMs / 1000) * 100);
    expect(result.streams).toBeGreaterThan(5);
    expect(Object.values(result.answeredBy)).toEqual([result.sent]);
  });

  it('notice nothing of a reload of nginx: what their kept connections had not begun is asked again', async () => {
    const traffic = await startTraffic(sandbox, { keptRequestsPerSecond: 180 });
    for (let reload = 0; reload < 5; reload += 1) {
      await run('docker', ['exec', sandbox.containers.nginx, 'nginx', '-s', 'reload']);
      await pause(1_000);
    }
    expect(await traffic.stop()).toMatchObject({ failed: 0, cutStreams: 0, firstFailures: [] });
  });

  it('notice that the api is killed and started again', async () => {
    const traffic = await startTraffic(sandbox);
    await pause(1_000);
    await run('docker', ['restart', '--time', '0', sandbox.containers.api]);
    await until('the api answers again', () => apiAnswers(client, sandbox));
    const result = await traffic.stop();
    expect(result.failed).toBeGreaterThan(0);
    expect(result.cutStreams).toBeGreaterThan(0);
    expect(result.longestGapMs).toBeGreaterThan(300);
    expect(result.firstFailures[0]?.what).toMatch(/GET \/health|POST \/_sandbox\/echo|stream/);
  });
});

describe('its life', () => {
  it('a second start finds the same secrets and leaves the data alone', async () => {
    const before = await query(sandbox.containers.postgres, 'SELECT count(*) FROM matters');
    const again = await startSandbox({ stateDirectory, project, ports: sandbox.ports, rows: rows * 2 });
    expect(again).toEqual(sandbox);
    expect(await query(sandbox.containers.postgres, 'SELECT count(*) FROM matters')).toBe(before);
    expect((await stat(sandbox.envFile)).mode & 0o777).toBe(0o600);
  });

  it('a new seed replaces every row while the api goes on', async () => {
    await reseedSandbox(sandbox, 500);
    expect(await query(sandbox.containers.postgres, 'SELECT count(*) FROM matters')).toBe('500');
    await until('matters are served', async () => (await client.ask('/api/v1/matters')).status === 200);
  });

  it('gets a certificate authority when asked for one, and trusts its root again after each of its starts', async () => {
    const options = { stateDirectory, project, ports: sandbox.ports, authority: true };
    const { authority, caFile, folders } = await startSandbox(options);
    const account = join(folders.letsencrypt, 'accounts');
    await mkdir(account);
    const roots = async (): Promise<number> => (await readFile(caFile, 'utf8')).split('BEGIN').length - 1;
    expect(await roots()).toBe(2);
    await startSandbox(options);
    expect(existsSync(account)).toBe(true);
    await run('docker', ['restart', authority?.container ?? '']);
    expect(await startSandbox(options)).toMatchObject({ authority, caFile });
    expect(await roots()).toBe(3);
    expect(existsSync(account)).toBe(false);
  });

  it('is not started over containers that another version of compose made', async () => {
    const other = `${project}-other`;
    const [major] = (
      await run('docker', [
        'inspect',
        '--format',
        '{{index .Config.Labels "com.docker.compose.version"}}',
        sandbox.containers.api,
      ])
    ).split('.');
    const labels = [
      `project=${other}`,
      'service=api',
      `version=${Number(major) === 1 ? '2.24.0' : '1.29.2'}`,
    ];
    const flags = labels.flatMap((label) => ['--label', `com.docker.compose.${label}`]);
    flags.push('--label', 'hermes-ops.sandbox=true');
    await run('docker', ['create', '--name', `${other}-api`, ...flags, (await imageNames()).nginx]);
    await expect(startSandbox({ stateDirectory, project: other })).rejects.toThrow(/Nothing was changed/);
    expect(await containerNames(other)).toEqual([`${other}-api`]);
    await stopSandbox({ stateDirectory, project: other });
    expect(await containerNames(other)).toEqual([]);
  });

  it('is neither started over nor stopped with what somebody else made under its name', async () => {
    const other = `${project}-real`;
    const labels = ['--label', `com.docker.compose.project=${other}`];
    await run('docker', ['create', '--name', `${other}-api`, ...labels, (await imageNames()).nginx]);
    try {
      await expect(startSandbox({ stateDirectory, project: other })).rejects.toThrow(/Nothing was changed/);
      await expect(stopSandbox({ stateDirectory, project: other })).rejects.toThrow(/Nothing was changed/);
      expect(await containerNames(other)).toEqual([`${other}-api`]);
    } finally {
      await run('docker', ['rm', `${other}-api`]);
    }
  });

  it('stopped, it leaves no container, network, volume or file, and can be stopped again', async () => {
    const job = await run('docker', ['create', '--network', sandbox.network, (await imageNames()).nginx]);
    await stopSandbox({ stateDirectory, project });
    await expect(run('docker', ['inspect', job])).rejects.toThrow(/No such object/);
    expect(await containerNames(project)).toEqual([]);
    expect(await projectVolumes(project)).toEqual([]);
    expect(await run('docker', ['network', 'ls', '--quiet', '--filter', `name=${sandbox.network}`])).toBe('');
    expect(existsSync(sandbox.folders.root)).toBe(false);
    await stopSandbox({ stateDirectory, project });
  });
});
