import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policy, world } from './fakes.ts';
import { container, serviceLook } from './service-fakes.ts';
import { changing, ended, runnerOn } from './service-runs.ts';
import { type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal?.close());
const running = runnerOn(() => temporal);

describe('a scaling', () => {
  test('out lets nginx ask new ones only when all of them answer, and names them when they were watched', async () => {
    const scene = world();
    expect(await running(scene, 'scaleService', { replicas: 3 }, ended)).toMatchObject({
      outcome: 'done',
      report: { before: 1, after: 3, created: ['hermes-api-2', 'hermes-api-3'] },
    });
    expect(changing(scene)).toEqual([
      'settleService',
      'pinProxy',
      'startReplica',
      'startReplica',
      'freeProxy',
      'keepReplicas',
    ]);
  });

  test('out beside nginx that cannot be told gives new ones their names only when they answer', async () => {
    const lookAtProxy = async () => ({
      container: 'n',
      names: ['api'],
      unsteerable: ['it resolves'],
      told: [],
    });
    const scene = world({ lookAtProxy });
    expect(await running(scene, 'scaleService', { replicas: 2 }, ended)).toMatchObject({ outcome: 'done' });
    expect(changing(scene)).toEqual([
      'settleService',
      'startReplica',
      'announceReplica',
      'freeProxy',
      'keepReplicas',
    ]);
  });

  test('out that fails waits for every replica that is being made before it takes them away', async () => {
    let finished = 0;
    const scene = world({
      startReplica: async ({ number }) => {
        if (number === 2) throw ApplicationFailure.nonRetryable('It crashed.', 'ContainerFailed');
        await new Promise((resolve) => setTimeout(resolve, 200));
        finished += 1;
        return container({ number });
      },
      settleService: async () => ({ done: [`after ${finished}`], kept: [] }),
    });
    await running(scene, 'scaleService', { replicas: 3 }, async (handle) => {
      expect(await ended(handle)).toMatchObject({ message: 'It crashed.' });
    });
    expect(scene.calls.lastIndexOf('settleService')).toBeGreaterThan(scene.calls.lastIndexOf('startReplica'));
    expect(finished).toBe(1);
  });

  test('in takes them out of nginx, drains, and only then removes them', async () => {
    const containers = [1, 2, 3].map((number) => container({ number }));
    const scene = world({ lookAtService: async () => serviceLook({ containers }) });
    expect(await running(scene, 'scaleService', { replicas: 1 }, ended)).toMatchObject({
      report: { removed: ['hermes-api-3', 'hermes-api-2'] },
    });
    expect(changing(scene)).toEqual([
      'settleService',
      'steerProxy',
      'removeReplica',
      'removeReplica',
      'freeProxy',
    ]);
    expect(scene.calls.lastIndexOf('drainContainer')).toBeLessThan(scene.calls.indexOf('removeReplica'));
  });

  test('asks where the stack file asks, and not where it does not', async () => {
    const asks = { required: true, count: 1, from: [], deadlineMs: 60_000, remindAfterMs: 30_000 };
    const scene = world({ readPolicy: async () => ({ ...policy, approvals: { 'scale-service': asks } }) });
    expect(await running(scene, 'scaleService', { replicas: 2 }, ended)).toMatchObject({
      outcome: 'not-approved',
    });
    expect(changing(scene)).toEqual([]);
  });
});
