import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../scripts/sandbox/command.ts';
import { sandboxSources } from '../../scripts/sandbox/folders.ts';
import { install, type Installation, schedulesOff } from '../e2e/support/installation.ts';
import { start } from '../e2e/support/runs.ts';
import { sandboxClient, until } from '../e2e/support/sandbox-client.ts';
import { startTraffic } from '../e2e/support/traffic.ts';

// By hand: npx vitest run --project bench test/bench/scaling.test.ts (RATE=200 on a machine that carries it)

const requestsPerSecond = Number(process.env['RATE'] ?? 60);
const load = { requestsPerSecond, streamsPerSecond: 2 };
const busyMs = 20;
const askedAtOnce = 8;
const measuredMs = 6_000;
const lines: string[] = [];
let hermes: Installation;

beforeAll(async () => {
  hermes = await install('bench-scaling', { rows: 1_000 });
  await hermes.writeStack({
    sections: { ...schedulesOff, scaling: { watch: '5s', drainWithin: '30s', restartsPerHour: 100 } },
  });
  await hermes.startWorker();
});
afterAll(async () => {
  process.stdout.write(
    `\n${requestsPerSecond} requests and 2 streams of 6 s a second\n${lines.join('\n')}\n`,
  );
  await hermes?.close();
});

/** Does it under load, and says how long it took and what customers noticed. */
async function measured(what: string, act: () => Promise<unknown>) {
  const traffic = await startTraffic(hermes.sandbox, load);
  const startedMs = Date.now();
  await act();
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  const seen = await traffic.stop();
  lines.push(
    `${what}: ${seconds} s, ${seen.failed} of ${seen.sent} requests failed, ${seen.cutStreams} of ${seen.streams} streams cut, longest gap ${seen.longestGapMs} ms`,
  );
  return seen;
}

let count = 0;
async function procedure(workflowType: string, input: object): Promise<unknown> {
  count += 1;
  const handle = await start(hermes.client, workflowType, `bench-${count}`, { service: 'api', ...input });
  return handle.result();
}

async function compose(...args: string[]): Promise<void> {
  const file = `${sandboxSources}/docker-compose.yml`;
  await run('docker-compose', [
    '-p',
    hermes.project,
    '--env-file',
    hermes.sandbox.envFile,
    '-f',
    file,
    ...args,
  ]);
}

/** Answers a second of a route that keeps a CPU busy. */
async function throughput(): Promise<number> {
  const client = await sandboxClient(hermes.sandbox);
  const endMs = Date.now() + measuredMs;
  let answers = 0;
  const ask = async (): Promise<void> => {
    while (Date.now() < endMs) {
      const { status } = await client.ask(`/api/v1/work?ms=${busyMs}`);
      if (status === 200) answers += 1;
    }
  };
  await Promise.all(Array.from({ length: askedAtOnce }, ask));
  await client.close();
  return Math.round(answers / (measuredMs / 1000));
}

test('a rolling restart, beside docker-compose restart', async () => {
  const ours = await measured('restartService', () => procedure('restartService', {}));
  expect(ours).toMatchObject({ failed: 0, cutStreams: 0 });
  const client = await sandboxClient(hermes.sandbox);
  await measured('docker-compose restart api', async () => {
    await compose('restart', 'api');
    await until('it answers again', async () => (await client.ask('/health')).status === 200, 60_000);
  });
  await client.close();
});

test('1 → 3 → 1, and the load is spread', async () => {
  const one = await throughput();
  expect(
    await measured('scaleService 1 → 3', () => procedure('scaleService', { replicas: 3 })),
  ).toMatchObject({
    failed: 0,
    cutStreams: 0,
  });
  const three = await throughput();
  lines.push(`answers a second of ${busyMs} ms of CPU each: ${one} with 1, ${three} with 3 containers`);
  expect(
    await measured('scaleService 3 → 1', () => procedure('scaleService', { replicas: 1 })),
  ).toMatchObject({
    failed: 0,
    cutStreams: 0,
  });
});

test('a resize', async () => {
  const seen = await measured('resizeService to 3 GiB', () => procedure('resizeService', { memory: '3GiB' }));
  expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
});
