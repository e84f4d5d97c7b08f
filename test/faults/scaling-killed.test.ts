import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RestartReport } from '../../src/workflows/restart-service.ts';
import type { ScaleReport } from '../../src/workflows/scale-service.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { install, type Installation, schedulesOff } from '../e2e/support/installation.ts';
import { type ServiceState, serviceState } from '../e2e/support/service-state.ts';
import { startTraffic } from '../e2e/support/traffic.ts';
import { isScheduled } from './support/reset.ts';
import { nameOf } from './support/history.ts';
import { killAtEveryEvent, type KillOptions } from './support/kill-at-events.ts';
import { openRelay, type Relay } from './support/relay.ts';
import { seatWorker, type WorkerSeat } from './support/worker-seat.ts';

/** A worker starts anew every other second beside it, on two cores. */
const load = { requestsPerSecond: 10, streamsPerSecond: 0.5 };
const workflowTaskTimeout = '3s';
let hermes: Installation;
let seat: WorkerSeat;
let before: ServiceState;
let relay: Relay;

beforeAll(async () => {
  hermes = await install('scaling-killed', { rows: 500 });
  await hermes.writeStack({
    sections: {
      ...schedulesOff,
      scaling: { watch: '1s', drainWithin: '20s', restartsPerHour: 100 },
    },
  });
  relay = await openRelay(join(hermes.directory, 'docker.sock'));
  hermes.variables['DOCKER_HOST'] = `unix://${relay.socketPath}`;
  seat = await seatWorker(hermes);
});
afterAll(async () => {
  await relay?.away();
  await hermes?.close();
});
beforeEach(async () => {
  before = await serviceState(hermes);
});

/** Runs a procedure whose worker dies after each of its events, and counts what customers notice. */
async function killed<Report>(
  workflowType: string,
  input: object,
  { killAndStart = seat.killAndStart, ...when }: KillOptions & Partial<WorkerSeat> = {},
) {
  const startedAtMs = Date.now();
  const traffic = await startTraffic(hermes.sandbox, load);
  const handle = await hermes.client.workflow.start(workflowType, {
    workflowId: `${workflowType}-${startedAtMs}`,
    taskQueue: hermes.taskQueue,
    workflowTaskTimeout,
    args: [{ service: 'api', by: 'chris', ...input }],
  });
  const run = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
  const kills = await killAtEveryEvent(hermes.client, run, { killAndStart }, when);
  const result = (await handle.result()) as ProcedureResult<Report>;
  const seen = await traffic.stop();
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  process.stdout.write(`${workflowType}: ${kills.length} kills in ${seconds} s\n`);
  return { result, seen };
}

function names({ containers }: ServiceState): string[] {
  return containers.map(({ name }) => name.replace(`/${hermes.project}`, ''));
}

/** The moments at which something is about to be done. */
function at(...activities: string[]): KillOptions {
  const isOne = activities.map(isScheduled);
  return { at: (event) => isOne.some((is) => is(event)) };
}

/** A worker that only takes a task up has done nothing yet: that it died then is a third of all moments, and tells least. */
const everyStep: KillOptions = { at: (event) => !/^WorkflowTask(?:Scheduled|Started)/.test(nameOf(event)) };

describe('killed after every step, a worker', () => {
  test('scales out to exactly what was asked for, and no request is lost', async () => {
    const { result, seen } = await killed<ScaleReport>('scaleService', { replicas: 2 }, everyStep);
    expect(result).toMatchObject({ outcome: 'done' });
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    const after = await serviceState(hermes);
    expect(names(after)).toEqual(['-api', '_api_2']);
    expect(after.startedAt).toMatchObject(before.startedAt);
    expect(after.hosts).toEqual([]);
  });
});

describe('killed while it changes something, a worker', () => {
  test('scales in to exactly what was asked for, and no request is lost', async () => {
    const when = at('steerProxy', 'removeReplica', 'freeProxy');
    const { result, seen } = await killed<ScaleReport>('scaleService', { replicas: 1 }, when);
    expect(result).toMatchObject({ outcome: 'done' });
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    const after = await serviceState(hermes);
    expect(names(after)).toEqual(['-api']);
    expect(after.startedAt[`/${hermes.project}-api`]).toBe(before.startedAt[`/${hermes.project}-api`]);
    expect(after.hosts).toEqual([]);
  });

  test('restarts behind a copy, once, and no request is lost', async () => {
    const when = at('startBridge', 'steerProxy', 'restartContainer', 'removeReplica');
    const { result, seen } = await killed<RestartReport>('restartService', {}, when);
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'rolling' } });
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(await serviceState(hermes)).toEqual({ ...before, startedAt: expect.anything() });
  });
});

describe('with the Docker engine away for half a second after every event, a worker', () => {
  test('scales out and in to exactly what was asked for, and no request is lost', async () => {
    const away = {
      async killAndStart() {
        await relay.away();
        await pause(500);
        await relay.back();
      },
    };
    for (const replicas of [2, 1]) {
      const { result, seen } = await killed<ScaleReport>('scaleService', { replicas }, away);
      expect(result).toMatchObject({ outcome: 'done', report: { after: replicas } });
      expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    }
    expect(await serviceState(hermes)).toEqual(before);
  });
});
