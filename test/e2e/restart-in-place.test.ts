import { readFile, writeFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeDeadLetters } from '../../scripts/sandbox/faults.ts';
import type { Installation } from './support/installation.ts';
import { failure } from './support/refusals.ts';
import { installForRestarts, type Restarted, startRestart } from './support/restarts.ts';
import { openPlan, statusWhen } from './support/runs.ts';
import { type ServiceState, serviceState } from './support/service-state.ts';
import { startTraffic } from './support/traffic.ts';

let hermes: Installation;
let before: ServiceState;

beforeAll(async () => {
  hermes = await installForRestarts('restart-in-place');
});
afterAll(() => hermes?.close());
beforeEach(async () => {
  before = await serviceState(hermes);
});

const restart = (input: Record<string, unknown>): Promise<WorkflowHandle> => startRestart(hermes, input);

describe('what keeps data', () => {
  test('Redis saves first and is restarted in place with its dead letters', async () => {
    await makeDeadLetters(hermes.sandbox, 5);
    const handle = await restart({ service: 'redis' });
    const result: Restarted = await handle.result();
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'in-place', killed: [] } });
    const timeline = await handle.query<{ text: string }[]>('timeline');
    const saves = timeline
      .map(({ text }) => text)
      .filter((text) => /^(Let Redis save|See what Redis)/.test(text));
    expect(saves).toHaveLength(2);
    expect(saves.every((text) => text.includes('when memory ends: allkeys-lru'))).toBe(true);
  });

  test('PostgreSQL is restarted in place, only when a person said so', async () => {
    const handle = await restart({ service: 'postgres' });
    const plan = await openPlan(handle);
    await handle.signal('approve', { by: 'dana', plan });
    const result: Restarted = await handle.result();
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'in-place' } });
    expect(await hermes.sql('select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('is refused a copy, and offered the restart in place', async () => {
    expect(await failure(await restart({ service: 'redis', strategy: 'rolling' }))).toContain(
      '{"service": "redis", "strategy": "in-place"}',
    );
  });
});

describe('nginx', () => {
  test('is restarted in place, and asks the api afterwards', async () => {
    const result: Restarted = await (await restart({ service: 'nginx' })).result();
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'in-place' } });
    const sent = await startTraffic(hermes.sandbox, { requestsPerSecond: 10, streamsPerSecond: 0.5 });
    expect((await sent.stop()).failed).toBe(0);
  });

  test('with a configuration that it would refuse is left running, and nginx says why', async () => {
    const { nginxConf } = hermes.sandbox.folders;
    const good = await readFile(nginxConf, 'utf8');
    await writeFile(nginxConf, good.replace('least_conn;', 'least_connn;'));
    try {
      for (const service of ['nginx', 'api'])
        expect(await failure(await restart({ service }))).toContain('unknown directive "least_connn"');
    } finally {
      await writeFile(nginxConf, good);
    }
    expect(await serviceState(hermes)).toEqual(before);
  });
});

describe('what cannot be done', () => {
  test('an api with a file that was put in is not copied, and the file is named', async () => {
    const { api } = hermes.sandbox.containers;
    const exec = await hermes.docker
      .getContainer(api)
      .exec({ Cmd: ['touch', '/srv/put-in.conf'], User: '0' });
    await exec.start({ Detach: true });
    await statusWhen(await restart({ service: 'api', strategy: 'rolling' }), ({ timeline }) =>
      timeline.some(({ text }) => text.includes('/srv/put-in.conf')),
    );
    const result: Restarted = await (await restart({ service: 'api' })).result();
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'in-place' } });
  });

  test('a service that nobody knows is answered with the one that was meant', async () => {
    expect(await failure(await restart({ service: 'apj' }))).toContain('did you mean api?');
    expect(await failure(await restart({ service: 'no such' }))).toContain('a docker-compose name');
    expect(await failure(await restart({ service: 'api', strategy: 'gently' }))).toContain('"rolling"');
    expect(await failure(await restart({ service: 'api', strategy: 'rolling', image: 'x' }))).toContain(
      'is for the strategy recreate',
    );
  });
});
