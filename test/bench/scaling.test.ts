import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Sandbox } from '../../scripts/sandbox/sandbox.ts';
import { compose } from '../e2e/support/compose.ts';
import { install, type Installation, schedulesOff } from '../e2e/support/installation.ts';
import { start } from '../e2e/support/runs.ts';
import { startTraffic, type TrafficResult } from '../e2e/support/traffic.ts';
import { bench, inTurns, report, timed } from './support/compare.ts';
import { type ScalableCopy, startScalableCopy } from './support/scalable-copy.ts';
import { busyAnswerMs, untilAllAnswer } from './support/who-answers.ts';

/** One in ten comes over a connection of its own, as webhooks do; the others over kept ones, as from browsers. */
const load = {
  requestsPerSecond: bench.requestsPerSecond / 10,
  keptRequestsPerSecond: (bench.requestsPerSecond * 9) / 10,
  streamsPerSecond: 2,
};
const measuredMs = 8_000;
/** So little that two cores carry three of them beside everything else. */
const cpusOfOne = 0.15;
let hermes: Installation;
let copy: ScalableCopy;

beforeAll(async () => {
  hermes = await install('bench-scaling', { rows: bench.rows });
  copy = await startScalableCopy(hermes.directory, bench.rows);
  await hermes.writeStack({
    sections: {
      ...schedulesOff,
      scaling: { watch: '5s', drainWithin: '30s', restartsPerHour: 100 },
      compose: { project: hermes.project, services: { api: { startWithin: '60s' } } },
    },
  });
  await hermes.startWorker();
});
afterAll(async () => {
  await copy?.close();
  await hermes?.close();
});

interface Measured {
  /** From the command until every container answers customers. */
  seconds: number;
  seen: TrafficResult;
}

/** Under load. `act` ends when customers have it; what `rest` returns is waited for before the load ends. */
async function measured(
  sandbox: Sandbox,
  act: () => Promise<{ rest?: Promise<unknown> }>,
): Promise<Measured> {
  const traffic = await startTraffic(sandbox, load);
  const [{ rest }, seconds] = await timed(act);
  await rest;
  return { seconds, seen: await traffic.stop() };
}

let count = 0;
async function procedure(workflowType: string, input: object): Promise<unknown> {
  count += 1;
  const handle = await start(hermes.client, workflowType, `bench-${count}`, { service: 'api', ...input });
  const result: { outcome: string } = await handle.result();
  expect(result.outcome).toBe('done');
  return result;
}

/** With hermes-ops, until its run has ended: a scaling out is over for customers before it was watched. */
function ours(workflowType: string, input: object, containers: number): Promise<Measured> {
  return measured(hermes.sandbox, async () => {
    const rest = procedure(workflowType, input);
    await Promise.race([untilAllAnswer(hermes.sandbox, containers), rest]);
    return { rest };
  });
}

function both(turns: { ours: Measured[]; byHand: Measured[] }, way: string) {
  return (of: (one: Measured) => number) => ({
    ours: turns.ours.map(of),
    byHand: turns.byHand.map(of),
    way,
  });
}

function reportNoticed(what: string, turns: { ours: Measured[]; byHand: Measured[] }, way: string) {
  const of = both(turns, way);
  return report([
    { name: `${what}: requests that fail`, unit: 'requests', ...of(({ seen }) => seen.failed) },
    { name: `${what}: streams that are cut`, unit: 'requests', ...of(({ seen }) => seen.cutStreams) },
    {
      name: `${what}: longest time without an answer`,
      unit: 's',
      ...of(({ seen }) => seen.longestGapMs / 1000),
    },
    { name: `${what}: what customers wait, p95`, unit: 'ms', ...of(({ seen }) => seen.p95Ms) },
  ]);
}

function expectUnnoticed(all: Measured[]): void {
  for (const { seen } of all) expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
}

test('a rolling restart, beside docker-compose restart', async () => {
  const turns = await inTurns(
    () =>
      measured(hermes.sandbox, async () => {
        await procedure('restartService', {});
        return {};
      }),
    () =>
      measured(hermes.sandbox, async () => {
        await compose(hermes.sandbox, ['restart', 'api']);
        await untilAllAnswer(hermes.sandbox, 1);
        return {};
      }),
  );
  const way = 'docker-compose restart api';
  await reportNoticed('restart', turns, way);
  await report([
    { name: 'restart: until it is done', unit: 's', ...both(turns, way)(({ seconds }) => seconds) },
  ]);
  expectUnnoticed(turns.ours);
});

test('1 → 3 → 1, beside docker-compose up --scale', async () => {
  const byHand = (replicas: number): Promise<Measured> =>
    measured(copy.sandbox, async () => {
      await copy.scale(replicas);
      await untilAllAnswer(copy.sandbox, replicas);
      return {};
    });
  const inwards = { ours: [] as Measured[], byHand: [] as Measured[] };
  const outwards = await inTurns(
    async () => {
      const out = await ours('scaleService', { replicas: 3 }, 3);
      inwards.ours.push(
        await measured(hermes.sandbox, async () => {
          await procedure('scaleService', { replicas: 1 });
          return {};
        }),
      );
      return out;
    },
    async () => {
      const out = await byHand(3);
      inwards.byHand.push(await byHand(1));
      return out;
    },
  );
  const way = 'docker-compose up -d --scale api=3 and a reload of nginx, with a compose file that allows it';
  await report([
    {
      name: 'scale 1 → 3: until all three answer customers',
      unit: 's',
      ...both(outwards, way)(({ seconds }) => seconds),
    },
  ]);
  await reportNoticed('scale 1 → 3', outwards, way);
  await reportNoticed('scale 3 → 1', inwards, way);
  expectUnnoticed([...outwards.ours, ...inwards.ours]);
});

test('a resize, beside docker-compose up with other limits', async () => {
  let cpus = 1;
  const next = (): number => (cpus = cpus === 1 ? 0.9 : 1);
  const turns = await inTurns(
    () =>
      measured(hermes.sandbox, async () => {
        await procedure('resizeService', { cpus: next() });
        return {};
      }),
    () =>
      measured(hermes.sandbox, async () => {
        const variables = { HERMES_API_CPUS: String(next()) };
        await compose(hermes.sandbox, ['up', '-d', 'api'], { variables });
        await compose(hermes.sandbox, ['exec', '-T', 'nginx', 'nginx', '-s', 'reload']);
        await untilAllAnswer(hermes.sandbox, 1);
        return {};
      }),
  );
  const way = 'docker-compose up -d with other limits, and a reload of nginx';
  await reportNoticed('resize', turns, way);
  await report([
    { name: 'resize: until it is done', unit: 's', ...both(turns, way)(({ seconds }) => seconds) },
  ]);
  expectUnnoticed(turns.ours);
});

test('three containers answer what keeps CPUs busy, beside one', async () => {
  await procedure('resizeService', { cpus: cpusOfOne });
  const turns = await inTurns(
    async () => {
      await procedure('scaleService', { replicas: 3 });
      return busyAnswerMs(hermes.sandbox, measuredMs);
    },
    async () => {
      await procedure('scaleService', { replicas: 1 });
      return busyAnswerMs(hermes.sandbox, measuredMs);
    },
  );
  const way = 'one container';
  await report([{ name: 'three containers: time for each busy answer', unit: 'ms', ...turns, way }]);
  await procedure('scaleService', { replicas: 1 });
});
