import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { world } from './fakes.ts';
import { container, serviceLook } from './service-fakes.ts';
import { changing, ended, runnerOn } from './service-runs.ts';
import { statusWhen, type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal?.close());
const running = runnerOn(() => temporal);

describe('a rolling restart', () => {
  test('stops nothing before the copy carries the traffic, and takes the copy away last', async () => {
    const scene = world();
    expect(await running(scene, 'restartService', {}, ended)).toMatchObject({ outcome: 'done' });
    expect(changing(scene)).toEqual([
      'settleService',
      'startBridge',
      'steerProxy',
      'restartContainer',
      'steerProxy',
      'removeReplica',
      'freeProxy',
    ]);
    expect(scene.calls.indexOf('drainContainer')).toBeLessThan(scene.calls.indexOf('restartContainer'));
  });

  test('of three restarts one after another, each while the others and the copy serve', async () => {
    const containers = [1, 2, 3].map((number) => container({ number }));
    const told: string[][] = [];
    const scene = world({
      lookAtService: async () => serviceLook({ containers }),
      restartContainer: async ({ id }) => ({
        container: containers.find((one) => one.id === id) ?? container(),
        exitCode: 0,
        killed: false,
      }),
      steerProxy: async ({ ids }) => {
        told.push(ids);
        return { addresses: ids, reloadMs: 1 };
      },
    });
    await running(scene, 'restartService', {}, ended);
    expect(told).toEqual([
      ['id-2', 'id-3', 'bridge'],
      ['id-1', 'id-3', 'bridge'],
      ['id-1', 'id-2', 'bridge'],
      ['id-1', 'id-2', 'id-3'],
    ]);
  });

  test('that fails settles the service, and says what had to stay', async () => {
    const scene = world({
      restartContainer: async () => {
        throw ApplicationFailure.nonRetryable('hermes-api does not answer.', 'ContainerFailed');
      },
      settleService: async () => ({
        done: [],
        kept: scene.calls.includes('restartContainer') ? ['the copy goes on serving'] : [],
      }),
    });
    expect(await running(scene, 'restartService', {}, ended)).toMatchObject({
      message: expect.stringMatching(/^hermes-api does not answer\..*do by hand: .*the copy goes on serving/),
    });
    expect(scene.records.map(({ outcome }) => outcome)).toEqual(['failed']);
  });

  test('counts what outlived the drain limit, and says it', async () => {
    const scene = world({ drainContainer: async () => ({ waitedMs: 60_000, left: 2 }) });
    expect(await running(scene, 'restartService', {}, ended)).toMatchObject({
      summary: expect.stringContaining('4 connections outlived the drain limit and were cut'),
    });
  });

  test('is a person’s decision after three within an hour', async () => {
    const restarts = ['02:10', '02:20', '02:30'].map((time) => `2026-11-17T${time}:00.000Z`);
    const scene = world({ lookAtService: async () => serviceLook({ restarts }) });
    await running(scene, 'restartService', {}, async (handle) => {
      const { question } = await statusWhen(handle, (status) => status.question !== undefined);
      expect(question?.lines).toContain('it was restarted 3 times within the last hour');
      await handle.signal('reject', { by: 'dana', plan: question?.plan ?? '' });
      expect(await handle.result()).toMatchObject({ outcome: 'rejected' });
    });
    expect(changing(scene)).toEqual([]);
  });
});

describe('an api that is down', () => {
  const down = world({
    lookAtService: async () => serviceLook({ containers: [container({ answers: false, running: false })] }),
  });

  test('is restarted at once, without a look at nginx, which knows no name for it', async () => {
    expect(await running(down, 'restartService', {}, ended)).toMatchObject({
      report: { strategy: 'in-place' },
    });
    expect(changing(down)).toEqual(['restartContainer']);
    expect(down.calls).not.toContain('lookAtProxy');
  });

  test('is made anew without a copy, which would not answer either', async () => {
    const scene = world({ lookAtService: down.activities.lookAtService });
    expect(await running(scene, 'restartService', { image: 'hermes-api:2.5' }, ended)).toMatchObject({
      outcome: 'done',
    });
    expect(changing(scene)).toEqual(['settleService', 'replaceContainer', 'freeProxy', 'forgetFormer']);
  });
});

describe('a container made anew', () => {
  test('keeps the one before until the new one was watched', async () => {
    const scene = world();
    await running(scene, 'restartService', { image: 'hermes-api:2.5' }, ended);
    const order = ['replaceContainer', 'watchContainers', 'forgetFormer', 'removeReplica'];
    expect(scene.calls.filter((name) => order.includes(name))).toEqual(order);
  });
});

describe('Redis', () => {
  const redis = serviceLook({ service: 'redis', role: 'cache', stateful: true });

  test('saves before and is compared after; a dead letter that is gone is a failure', async () => {
    let saves = 0;
    const scene = world({
      lookAtService: async () => redis,
      saveCache: async () => {
        saves += 1;
        return { keys: 4, deadLetters: saves === 1 ? 3 : 2, evictionPolicy: 'noeviction' };
      },
    });
    expect(await running(scene, 'restartService', { service: 'redis' }, ended)).toMatchObject({
      message: expect.stringContaining('had 3 dead letters before its restart and has 2 now'),
    });
  });

  test('that does not answer is restarted unsaved only when a person said so', async () => {
    const scene = world({
      lookAtService: async () => redis,
      lookAtCache: async () => ({ seen: false, keys: 0, deadLetters: 0, evicted: 0 }),
    });
    await running(scene, 'restartService', { service: 'redis' }, async (handle) => {
      const { question } = await statusWhen(handle, (status) => status.question !== undefined);
      await handle.signal('approve', { by: 'dana', plan: question?.plan ?? '' });
      expect(await handle.result()).toMatchObject({ outcome: 'done' });
    });
    expect(scene.calls).not.toContain('saveCache');
  });
});

test('nginx that cannot be told whom to ask is not used for a restart behind a copy; the restart in place is offered', async () => {
  const scene = world({
    lookAtProxy: async () => ({
      container: 'hermes-nginx',
      names: ['api'],
      unsteerable: ['its hosts file cannot be written'],
      told: [],
    }),
  });
  expect(await running(scene, 'restartService', { strategy: 'rolling' }, ended)).toMatchObject({
    message: expect.stringMatching(/hosts file cannot be written.*"strategy": "in-place"/),
  });
  expect(changing(scene)).toEqual([]);
});
