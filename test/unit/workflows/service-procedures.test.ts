import { ApplicationFailure } from '@temporalio/common';
import { type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunStatus } from '../../../src/workflows/steps/status.ts';
import { policy, type World, world } from './fakes.ts';
import { container, serviceLook } from './service-fakes.ts';
import { cancelAsking, realRuns, statusWhen, type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal.close());

let count = 0;

async function running<T>(
  scene: World,
  workflowType: string,
  input: Record<string, unknown>,
  act: (handle: WorkflowHandle) => Promise<T>,
): Promise<T> {
  count += 1;
  return temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () =>
    act(await temporal.start(workflowType, `service-${count}`, [{ service: 'api', by: 'chris', ...input }])),
  );
}

const ended = (handle: WorkflowHandle): Promise<unknown> =>
  handle.result().catch((error: unknown) => (error instanceof WorkflowFailedError ? error.cause : error));

const changing = ({ calls }: World): string[] =>
  calls.filter((name) =>
    /^(start|announce|restart|replace|remove|steer|pin|free|keep|forget|settle|ensure)/.test(name),
  );

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

describe('a restore, which may stop the api,', () => {
  const asks = { required: true, count: 1, from: [], deadlineMs: 60_000, remindAfterMs: 30_000 };
  const asking = { ...policy, approvals: { 'scale-service': asks, 'restart-service': asks } };
  const start = (workflowType: string, id: string, input: object): Promise<WorkflowHandle> =>
    temporal.start(workflowType, id, [input]);
  const waitsForAnswer = ({ question }: RunStatus): boolean => question !== undefined;
  async function abandon(...handles: WorkflowHandle[]): Promise<void> {
    for (const handle of handles) {
      await cancelAsking(handle);
      await ended(handle);
    }
  }
  async function approve(handle: WorkflowHandle): Promise<void> {
    const { question } = await statusWhen(handle, waitsForAnswer);
    await handle.signal('approve', { by: 'dana', plan: question?.plan });
  }
  const inLineFor =
    (resource: string) =>
    ({ phase, timeline }: RunStatus): boolean =>
      phase === 'waiting-for-lock' &&
      timeline.some(({ text }) => text.startsWith(`Waiting in line: ${resource} is held`));

  test('lets the api be scaled and restarted while it waits for its approval', async () => {
    const scene = world();
    await temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () => {
      const restore = await start('restoreDatabase', 'restore-waiting', { backup: 'latest' });
      await statusWhen(restore, waitsForAnswer);
      for (const [workflowType, input] of [
        ['scaleService', { service: 'api', replicas: 2 }],
        ['restartService', { service: 'api', strategy: 'in-place' }],
      ] as const)
        expect(await ended(await start(workflowType, `meanwhile-${workflowType}`, input))).toMatchObject({
          outcome: 'done',
        });
      await abandon(restore);
    });
  });

  test('lets no restart of PostgreSQL begin', async () => {
    const scene = world();
    await temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () => {
      const restore = await start('restoreDatabase', 'restore-first', { backup: 'latest' });
      await statusWhen(restore, waitsForAnswer);
      const restart = await start('restartService', 'restart-second', { service: 'postgres' });
      const { timeline } = await statusWhen(restart, (status) => status.outcome === 'failed');
      expect(timeline.at(-1)?.text).toContain('held by restoreDatabase (workflow restore-first');
      await abandon(restore);
    });
    expect(changing(scene)).toEqual([]);
  });

  test('does not begin beside a restart of PostgreSQL, or waits in line', async () => {
    const scene = world({ readPolicy: async () => asking });
    await temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () => {
      const first = await start('restartService', 'restart-first', { service: 'postgres' });
      await statusWhen(first, waitsForAnswer);
      const refused = await start('restoreDatabase', 'restore-refused', { backup: 'latest' });
      expect(await ended(refused)).toMatchObject({
        message: expect.stringContaining('The database of hermes is held by restartService'),
      });
      const waiting = await start('restoreDatabase', 'restore-in-line', {
        backup: 'latest',
        onBusy: 'queue',
      });
      await statusWhen(waiting, inLineFor('database'));
      expect(scene.calls).not.toContain('chooseBackup');
      await abandon(first, waiting);
    });
  });

  test.each([
    ['swap', 'none', 'restoreBeside', 'swapDatabases'],
    ['stop the api', 'stop', 'dumpDatabase', 'stopApi'],
  ])('does not %s while the api is scaled: it waits in line', async (_what, fence, before, held) => {
    const scene = world({ readPolicy: async () => asking });
    await temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () => {
      const scaling = await start('scaleService', `scaling-${fence}`, { service: 'api', replicas: 2 });
      await statusWhen(scaling, waitsForAnswer);
      const restore = await start('restoreDatabase', `restore-${fence}`, { backup: 'latest', fence });
      await approve(restore);
      await statusWhen(restore, inLineFor('service/api'));
      expect(scene.calls).toContain(before);
      expect(scene.calls).not.toContain(held);
      await abandon(scaling);
      await statusWhen(restore, ({ phase }) => phase === 'undo-window');
      expect(scene.calls).toContain(held);
      await abandon(restore);
    });
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
