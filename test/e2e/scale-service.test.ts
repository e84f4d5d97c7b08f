import { readFile, writeFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RebalanceReport } from '../../src/workflows/rebalance-proxy.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { compose } from './support/compose.ts';
import { madeBy } from './support/made-by.ts';
import type { Installation } from './support/installation.ts';
import { failure } from './support/refusals.ts';
import { start, statusWhen } from './support/runs.ts';
import { sandboxClient } from './support/sandbox-client.ts';
import { installForScalings, type Scaled, scaled, shortNames, startScaling } from './support/scalings.ts';
import { type ServiceState, serviceState } from './support/service-state.ts';
import { bearableLoad, startTraffic } from './support/traffic.ts';

let hermes: Installation;
let before: ServiceState;

beforeAll(async () => {
  hermes = await installForScalings('scale');
});
afterAll(() => hermes?.close());
beforeEach(async () => {
  before = await serviceState(hermes);
});

const scale = (replicas: unknown, input?: Record<string, unknown>): Promise<WorkflowHandle> =>
  startScaling(hermes, replicas, input);

describe('1 → 3 → 1 under load', () => {
  test('loses no request and no stream; all three answer customers; compose’s own is never touched', async () => {
    const traffic = await startTraffic(hermes.sandbox, bearableLoad);
    const out = await scaled(hermes, 3);
    const three = await serviceState(hermes);
    const again = await scaled(hermes, 3);
    const back = await scaled(hermes, 1);
    const seen = await traffic.stop();

    expect(out).toMatchObject({ outcome: 'done', report: { before: 1, after: 3, removed: [] } });
    expect(shortNames(hermes, three)).toEqual(['-api', '_api_2', '_api_3']);
    expect(three.containers.slice(1).map(({ ports }) => ports)).toEqual([[], []]);
    expect(three.containers.map(({ aliases }) => aliases)).toEqual([['api'], ['api'], ['api']]);
    expect(new Set(three.containers.map(({ labels }) => labels['com.docker.compose.config-hash'])).size).toBe(
      1,
    );
    expect(three.hosts).toEqual([]);
    expect(again).toMatchObject({ outcome: 'done', report: { created: [], removed: [] } });
    expect(again.summary).toContain('already');
    expect(back).toMatchObject({ outcome: 'done', report: { before: 3, after: 1, created: [], cut: 0 } });
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(Object.keys(seen.answeredBy)).toHaveLength(3);
    expect(await serviceState(hermes)).toEqual(before);
  });
});

describe('a replica that fails', () => {
  test('while it is watched takes the whole scaling back, with its last lines', async () => {
    const handle = await scale(2);
    await statusWhen(handle, ({ running }) => running.some((title) => title.startsWith('Watch')));
    await (await madeBy(hermes, handle)).kill();
    const said = await failure(handle);
    expect(said).toContain('stopped answering while it was watched');
    expect(said).toMatch(/Its last lines:\n\d{4}-\d\d-\d\d .* - INFO - /);
    expect(await serviceState(hermes)).toEqual(before);
  });

  test('at its start takes the whole scaling back, and says how it ended', async () => {
    const handle = await scale(3);
    await (await madeBy(hermes, handle)).kill();
    expect(await failure(handle)).toMatch(/api-replica-\d-\w+ ended with exit code 137 after its start/);
    expect(await serviceState(hermes)).toEqual(before);
  });

  test('to answer takes the whole scaling back, and customers were never sent to it', async () => {
    const traffic = await startTraffic(hermes.sandbox, { requestsPerSecond: 10, streamsPerSecond: 0.5 });
    const handle = await scale(2);
    await (await madeBy(hermes, handle)).pause();
    const said = await failure(handle);
    const seen = await traffic.stop();
    expect(said).toContain('does not answer 20 s after its start');
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(Object.keys(seen.answeredBy)).toHaveLength(1);
    expect(await serviceState(hermes)).toEqual(before);
  });
});

describe('other people', () => {
  test('who scale at the same time are told who does, or wait in line', async () => {
    const first = await scale(2);
    await statusWhen(first, ({ running }) => running.length > 0);
    expect(await failure(await scale(3))).toContain(first.workflowId);
    const queued = await scale(1, { onBusy: 'queue' });
    expect(await first.result()).toMatchObject({ outcome: 'done', report: { after: 2 } });
    expect(await queued.result()).toMatchObject({ outcome: 'done', report: { before: 2, after: 1 } });
    expect(await serviceState(hermes)).toEqual(before);
  });

  test('who have the name keep it; whose compose up takes the replica away lose nothing else, and are told of', async () => {
    const replica = `${hermes.project}_api_3`;
    const taken = await hermes.docker.createContainer({
      name: `${hermes.project}_api_2`,
      Image: before.containers[0]?.image ?? '',
      Labels: { 'hermes-ops.sandbox': 'true' },
    });
    try {
      expect((await scaled(hermes, 2)).report?.created).toEqual([replica]);
    } finally {
      await taken.remove({ force: true });
    }

    // A replica is of a run that has ended, and stays all the same.
    expect((await hermes.hermesOps('run', 'sweep-leftovers')).exitCode).toBe(0);
    expect(await compose(hermes.sandbox, ['ps', 'api'])).toContain(replica);
    await compose(hermes.sandbox, ['up', '-d']);
    const after = await serviceState(hermes);
    expect(after.containers[0]).toEqual(before.containers[0]);
    expect(after.startedAt).toEqual(before.startedAt);

    const plan: Scaled = await (await scale(2, { dryRun: true })).result();
    expect(plan.plan?.lines.join('\n')).toMatch(/chris asked for 2 of api .* and 1 are there/);
    const rebalance = await start(hermes.client, 'rebalanceProxy', 'rebalance', {});
    const result: ProcedureResult<RebalanceReport> = await rebalance.result();
    expect(result).toMatchObject({
      outcome: 'done',
      report: { reached: { names: [`${hermes.project}-api`] } },
    });
    expect((await scaled(hermes, 1)).summary).toContain('already');
  });
});

describe('what cannot be done', () => {
  test('is refused with its reason, and nothing is changed', async () => {
    const bad: [unknown, Record<string, unknown>, string][] = [
      [0, {}, 'a whole number from 1 to 100'],
      [-1, {}, 'a whole number from 1 to 100'],
      [2.5, {}, 'a whole number from 1 to 100'],
      ['3', {}, 'not quoted'],
      [10_000, {}, 'a whole number from 1 to 100'],
      [5, {}, 'the stack file allows 1 to 4'],
      [2, { service: 'postgres' }, 'keeps data'],
      [2, { service: 'nginx' }, 'is what customers reach first'],
      [2, { service: 'apii' }, 'did you mean api?'],
      [2, { replica: 3 }, '`replica` is not a field'],
    ];
    for (const [replicas, input, said] of bad)
      expect(await failure(await scale(replicas, input))).toContain(said);
    expect(await serviceState(hermes)).toEqual(before);
  });

  test('with a broken configuration of nginx is found out before anything is created', async () => {
    const { nginxConf } = hermes.sandbox.folders;
    const good = await readFile(nginxConf, 'utf8');
    await writeFile(nginxConf, good.replace('least_conn;', 'least_connn;'));
    try {
      expect(await failure(await scale(2))).toContain('unknown directive "least_connn"');
    } finally {
      await writeFile(nginxConf, good);
    }
    expect(await serviceState(hermes)).toEqual(before);
  });

  test('is planned by a dry run, which creates nothing', async () => {
    const result: Scaled = await (await scale(3, { dryRun: true })).result();
    expect(result.outcome).toBe('planned');
    expect(result.plan?.lines[0]).toBe(`api: 1 → 3 containers (${hermes.project}-api stays)`);
    expect(await serviceState(hermes)).toEqual(before);
  });
});

describe('compose that makes the api anew in the middle', () => {
  test('ends the scaling; what compose made serves, and no replica is left', async () => {
    const handle = await scale(3);
    await statusWhen(handle, ({ running }) => running.some((title) => title.startsWith('Start number')));
    const anew = ['up', '-d', '--force-recreate', '--no-deps', 'api'];
    await compose(hermes.sandbox, anew).catch(() => undefined);
    await failure(handle);
    const sweep = await hermes.hermesOps('run', 'sweep-leftovers');
    expect(sweep.exitCode).toBe(0);
    const client = await sandboxClient(hermes.sandbox);
    await compose(hermes.sandbox, ['up', '-d']);
    expect((await client.ask('/health')).status).toBe(200);
    await client.close();
    const after = await serviceState(hermes);
    expect(after.containers.filter(({ running }) => running).map(({ name }) => name)).toContain(
      `/${hermes.project}-api`,
    );
    expect(after.containers.filter(({ name }) => name.includes('hermes-ops'))).toEqual([]);
    expect(after.hosts).toEqual([]);
  });
});
