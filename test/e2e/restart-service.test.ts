import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { Agent, request, WebSocket } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compose } from './support/compose.ts';
import type { Installation } from './support/installation.ts';
import { failure } from './support/refusals.ts';
import { installForRestarts, type Restarted, startRestart } from './support/restarts.ts';
import { statusWhen } from './support/runs.ts';
import { until } from './support/sandbox-client.ts';
import { type ServiceState, serviceState } from './support/service-state.ts';
import { bearableLoad, startTraffic } from './support/traffic.ts';

let hermes: Installation;
let before: ServiceState;

beforeAll(async () => {
  hermes = await installForRestarts('restart');
});
afterAll(() => hermes?.close());
beforeEach(async () => {
  before = await serviceState(hermes);
});

const restart = (input: Record<string, unknown>): Promise<WorkflowHandle> => startRestart(hermes, input);

describe('a rolling restart of a single container', () => {
  test('loses no request and no stream, and leaves names, port and labels as they were', async () => {
    const traffic = await startTraffic(hermes.sandbox, bearableLoad);
    const result: Restarted = await (await restart({ service: 'api' })).result();
    const seen = await traffic.stop();
    const after = await serviceState(hermes);
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'rolling', cut: 0, killed: [] } });
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(seen.sent).toBeGreaterThan(200);
    expect(Object.keys(seen.answeredBy)).toHaveLength(2);
    expect(after).toEqual({ ...before, startedAt: expect.anything() });
    expect(after.startedAt).not.toEqual(before.startedAt);
  });

  test('lets a WebSocket end within the drain limit, and counts and says what outlives it', async () => {
    const { caFile, baseUrl } = hermes.sandbox;
    const dispatcher = new Agent({ connect: { ca: await readFile(caFile) } });
    const stream = await request(`${baseUrl}/api/v1/voice/stream?seconds=60`, { dispatcher });
    const cut = stream.body.text().then(
      () => 'ended',
      () => 'cut',
    );
    const socket = new WebSocket(`${baseUrl.replace('https', 'wss')}/api/v1/voice/ws`, { dispatcher });
    const closed = new Promise<number>((resolve) => {
      socket.addEventListener('close', ({ code }) => resolve(code));
    });
    await new Promise((resolve) => {
      socket.addEventListener('open', resolve);
    });
    const handle = await restart({ service: 'api' });
    await statusWhen(handle, ({ running }) =>
      running.some((title) => title.startsWith('Wait until nothing')),
    );
    socket.close(1000);
    expect(await closed).toBe(1000);
    const result: Restarted = await handle.result();
    expect(result).toMatchObject({ outcome: 'done', report: { cut: 1 } });
    expect(result.summary).toContain('1 connection outlived the drain limit');
    await cut;
    await dispatcher.destroy();
  });

  test('of one that is down starts it again at once', async () => {
    await hermes.docker.getContainer(hermes.sandbox.containers.api).stop({ t: 1 });
    const result: Restarted = await (await restart({ service: 'api' })).result();
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'in-place' } });
    expect(await serviceState(hermes)).toEqual({ ...before, startedAt: expect.anything() });
  });

  test('that is only planned changes nothing', async () => {
    const result: Restarted = await (await restart({ service: 'api', dryRun: true })).result();
    expect(result.plan?.lines[0]).toContain('a copy carries the traffic');
    expect(await serviceState(hermes)).toEqual(before);
  });

  test('that is cancelled half-way leaves the original serving and nothing else', async () => {
    const handle = await restart({ service: 'api' });
    await statusWhen(handle, ({ running }) => running.some((title) => title.startsWith('Restart ')));
    await handle.cancel();
    await failure(handle);
    const after = await serviceState(hermes);
    expect(after).toEqual({ ...before, startedAt: expect.anything() });
  });

  test('that was terminated half-way is put right by the sweep', async () => {
    const handle = await restart({ service: 'api' });
    await statusWhen(handle, ({ running }) => running.some((title) => title.startsWith('Restart ')));
    await handle.terminate('a test');
    const sweep = await hermes.hermesOps('run', 'sweep-leftovers');
    expect(sweep.exitCode).toBe(0);
    expect(sweep.stdout).toContain('-bridge-');
    expect(await serviceState(hermes)).toEqual({ ...before, startedAt: expect.anything() });
  });
});

describe('compose that makes the api anew in the middle', () => {
  test('ends the restart; what compose made serves, and no copy is left', async () => {
    const handle = await restart({ service: 'api' });
    await statusWhen(handle, ({ running }) => running.some((title) => title.startsWith('Restart ')));
    await compose(hermes.sandbox, ['up', '-d', '--force-recreate', '--no-deps', 'api']).catch(
      () => undefined,
    );
    await failure(handle);
    expect((await hermes.hermesOps('run', 'sweep-leftovers')).exitCode).toBe(0);
    await compose(hermes.sandbox, ['up', '-d']);
    await until('the api answers', async () => (await serviceState(hermes)).publishedPort === 200);
    const after = await serviceState(hermes);
    expect(after.containers.map(({ name, running }) => ({ name, running }))).toEqual([
      { name: before.containers[0]?.name, running: true },
    ]);
    expect(after.hosts).toEqual([]);
    const customers = await startTraffic(hermes.sandbox, { requestsPerSecond: 10, streamsPerSecond: 0.5 });
    expect((await customers.stop()).failed).toBe(0);
  });
});

describe('a container made anew', () => {
  test('has the new variables and everything else as before, and no request was lost', async () => {
    const environmentFile = join(hermes.directory, 'new.env');
    await writeFile(environmentFile, '# of a test\nHERMES_LOG=debug\nPYTHONUNBUFFERED=0\n');
    const traffic = await startTraffic(hermes.sandbox, bearableLoad);
    const handle = await restart({ service: 'api', environmentFile });
    const result: Restarted = await handle.result();
    const seen = await traffic.stop();
    const after = await serviceState(hermes);
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'recreate' } });
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(after.containers.map((one) => ({ ...one, env: [] }))).toEqual(
      before.containers.map((one) => ({ ...one, env: [] })),
    );
    expect(after.containers[0]?.env).toEqual([
      ...(before.containers[0]?.env ?? []).map((entry) =>
        entry.startsWith('PYTHONUNBUFFERED=') ? 'PYTHONUNBUFFERED=0' : entry,
      ),
      'HERMES_LOG=debug',
    ]);
    expect(after).toMatchObject({ hosts: [], publishedPort: 200 });
    expect(JSON.stringify(await handle.fetchHistory())).not.toContain('HERMES_LOG');
  });

  test('that does not answer gives its place back to the one before, and customers notice nothing', async () => {
    const { Image } = await hermes.docker.getContainer(hermes.sandbox.containers.redis).inspect();
    const traffic = await startTraffic(hermes.sandbox, bearableLoad);
    const said = await failure(await restart({ service: 'api', image: Image }));
    const seen = await traffic.stop();
    expect(said).toMatch(/does not answer|ended with exit code|crashed/);
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(await serviceState(hermes)).toEqual({ ...before, startedAt: expect.anything() });
  });

  test('of an image that the engine has not is refused before anything is touched', async () => {
    const said = await failure(await restart({ service: 'api', image: 'hermes-api:none' }));
    expect(said).toContain('The Docker engine has no image hermes-api:none');
    expect(await serviceState(hermes)).toEqual({ ...before, startedAt: expect.anything() });
  });
});
