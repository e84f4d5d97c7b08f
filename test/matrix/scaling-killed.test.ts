import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RestartReport } from '../../src/workflows/restart-service.ts';
import type { ScaleReport } from '../../src/workflows/scale-service.ts';
import { type ServiceState, serviceState } from '../e2e/support/service-state.ts';
import { everyStep } from '../faults/support/kill-at-events.ts';
import { openRelay, type Relay } from '../faults/support/relay.ts';
import { layScalingGround, type ScalingGround } from '../faults/support/scaling-ground.ts';

/** Run by `npm run kill-matrix -- --scaling`. Takes a quarter of an hour. */

let ground: ScalingGround;
let relay: Relay;
let before: ServiceState;
beforeAll(async () => {
  ground = await layScalingGround('scaling-matrix', async ({ directory }) => {
    relay = await openRelay(join(directory, 'docker.sock'));
    return { DOCKER_HOST: `unix://${relay.socketPath}` };
  });
});
afterAll(async () => {
  await relay?.away();
  await ground?.close();
});
beforeEach(async () => {
  before = await serviceState(ground.hermes);
});

describe('killed after every step, a worker', () => {
  test.each([
    { replicas: 2, names: ['-api', '_api_2'] },
    { replicas: 1, names: ['-api'] },
  ])('scales to exactly $replicas, and no request is lost', async ({ replicas, names }) => {
    const { result, seen } = await ground.disturbed<ScaleReport>('scaleService', { replicas }, everyStep);
    expect(result).toMatchObject({ outcome: 'done' });
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    const after = await serviceState(ground.hermes);
    const original = `/${ground.hermes.project}-api`;
    expect(ground.names(after)).toEqual(names);
    expect(after.startedAt[original]).toBe(before.startedAt[original]);
    expect(after.hosts).toEqual([]);
  });

  test('restarts behind a copy, once, and no request is lost', async () => {
    const { result, seen } = await ground.disturbed<RestartReport>('restartService', {}, everyStep);
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'rolling' } });
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(await serviceState(ground.hermes)).toEqual({ ...before, startedAt: expect.anything() });
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
      const { result, seen } = await ground.disturbed<ScaleReport>('scaleService', { replicas }, away);
      expect(result).toMatchObject({ outcome: 'done', report: { after: replicas } });
      expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    }
    expect(await serviceState(ground.hermes)).toEqual(before);
  });
});
