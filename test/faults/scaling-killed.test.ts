import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestartReport } from '../../src/workflows/restart-service.ts';
import type { ScaleReport } from '../../src/workflows/scale-service.ts';
import { serviceState } from '../e2e/support/service-state.ts';
import { at, layScalingGround, type ScalingGround } from './support/scaling-ground.ts';

// After every step, and with the Docker engine away: test/matrix/scaling-killed.test.ts.

let ground: ScalingGround;
beforeAll(async () => {
  ground = await layScalingGround('scaling-killed');
});
afterAll(() => ground?.close());

describe('killed while it changes something, a worker', () => {
  test('scales out and in to exactly what was asked for, and no request is lost', async () => {
    const before = await serviceState(ground.hermes);
    const started = `/${ground.hermes.project}-api`;
    for (const [replicas, names, when] of [
      [2, ['-api', '_api_2'], at('startReplica', 'keepReplicas')],
      [1, ['-api'], at('steerProxy', 'removeReplica')],
    ] as const) {
      const { result, seen } = await ground.disturbed<ScaleReport>('scaleService', { replicas }, when);
      expect(result).toMatchObject({ outcome: 'done' });
      expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
      const after = await serviceState(ground.hermes);
      expect(ground.names(after)).toEqual(names);
      expect(after.startedAt[started]).toBe(before.startedAt[started]);
      expect(after.hosts).toEqual([]);
    }
  });

  test('restarts behind a copy, once, and no request is lost', async () => {
    const before = await serviceState(ground.hermes);
    const when = at('startBridge', 'restartContainer', 'removeReplica');
    const { result, seen } = await ground.disturbed<RestartReport>('restartService', {}, when);
    expect(result).toMatchObject({ outcome: 'done', report: { strategy: 'rolling' } });
    expect(seen).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(await serviceState(ground.hermes)).toEqual({ ...before, startedAt: expect.anything() });
  });
});
