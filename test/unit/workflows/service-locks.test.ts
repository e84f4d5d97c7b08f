import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunStatus } from '../../../src/workflows/steps/status.ts';
import { policy, world } from './fakes.ts';
import { changing, ended } from './service-runs.ts';
import { cancelAsking, realRuns, statusWhen, type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal?.close());

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
