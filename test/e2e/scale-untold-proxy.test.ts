import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Installation } from './support/installation.ts';
import { madeBy } from './support/made-by.ts';
import { proxyReadOnly } from './support/proxy-variant.ts';
import { refusalOf } from './support/refusals.ts';
import { start } from './support/runs.ts';
import { until } from './support/sandbox-client.ts';
import { installForScalings, type Scaled, startScaling } from './support/scalings.ts';
import { type ServiceState, serviceState } from './support/service-state.ts';
import { startTraffic, type TrafficResult } from './support/traffic.ts';

let hermes: Installation;

beforeAll(async () => {
  hermes = await installForScalings('untold');
});
afterAll(() => hermes?.close());

/** nginx that asks Docker's names at each second, whatever its hosts file says. Returns how to make it as before. */
async function resolving(): Promise<() => Promise<void>> {
  const { nginxConf } = hermes.sandbox.folders;
  const before = await readFile(nginxConf, 'utf8');
  await writeFile(
    nginxConf,
    before
      .replace('proxy_http_version 1.1;', 'resolver 127.0.0.11 valid=1s; proxy_http_version 1.1;')
      .replaceAll('proxy_pass http://hermes_api;', 'set $to api; proxy_pass http://$to:8000;'),
  );
  await reload();
  return async () => {
    await writeFile(nginxConf, before);
    await reload();
  };
}

async function reload(): Promise<void> {
  const nginx = hermes.docker.getContainer(hermes.sandbox.containers.nginx);
  const exec = await nginx.exec({ Cmd: ['nginx', '-s', 'reload'] });
  await exec.start({ Detach: true });
  await until('nginx has loaded it', async () => (await exec.inspect()).ExitCode === 0);
}

const untold = [
  ['resolves by itself', resolving, 'nginx resolves the name by itself'],
  [
    'has a hosts file that cannot be written',
    async () => (await proxyReadOnly(hermes)).remove,
    'its hosts file cannot be written',
  ],
] as const;

const scale = (replicas: number, input?: Record<string, unknown>): Promise<WorkflowHandle> =>
  startScaling(hermes, replicas, input);

async function underTraffic(act: () => Promise<void>): Promise<TrafficResult> {
  const traffic = await startTraffic(hermes.sandbox, { requestsPerSecond: 20, streamsPerSecond: 0.5 });
  const [acted] = await Promise.allSettled([act()]);
  const result = await traffic.stop();
  if (acted.status === 'rejected') throw acted.reason;
  return result;
}

describe.each(untold)('nginx that %s', (_how, change, obstacle) => {
  let restore: () => Promise<void>;
  let before: ServiceState;
  beforeAll(async () => {
    restore = await change();
    before = await serviceState(hermes);
  });
  afterAll(() => restore?.());

  test('sends nobody to a new container that does not answer, and it is taken away again', async () => {
    const result = await underTraffic(async () => {
      const handle = await scale(2);
      await (await madeBy(hermes, handle)).pause();
      expect((await refusalOf(handle)).message).toContain('does not answer 20 s after its start');
    });
    expect(result).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(Object.keys(result.answeredBy)).toHaveLength(1);
    expect(await serviceState(hermes)).toEqual(before);
  });

  test('is said in the plan', async () => {
    const planned: Scaled = await (await scale(2, { dryRun: true })).result();
    expect(planned.plan?.lines.join('\n')).toContain(`nginx cannot be told whom to ask (${obstacle}`);
  });

  test('asks a new one as soon as it answers and has its names, and no request is lost', async () => {
    const result = await underTraffic(async () => {
      const scaled: Scaled = await (await scale(2)).result();
      expect(scaled).toMatchObject({ outcome: 'done', report: { before: 1, after: 2 } });
    });
    expect(result).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(Object.keys(result.answeredBy)).toHaveLength(2);
  });

  test('is not scaled in: what to do by hand is said, and does', async () => {
    expect((await refusalOf(await scale(1))).message).toMatch(
      /cannot be told exactly whom to ask.*Stop them by hand at a quiet time, and run rebalanceProxy/s,
    );
    await hermes.docker.getContainer(`${hermes.project}_api_2`).remove({ force: true });
    const rebalanced = await start(hermes.client, 'rebalanceProxy', `rebalance-${randomUUID()}`, {});
    expect(await rebalanced.result()).toMatchObject({
      outcome: 'done',
      report: { reached: { names: [`${hermes.project}-api`] } },
    });
    expect(await serviceState(hermes)).toEqual(before);
  });
});
