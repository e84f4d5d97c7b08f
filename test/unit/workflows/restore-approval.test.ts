import { ApplicationFailure } from '@temporalio/common';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policy, type World, world } from './fakes.ts';
import { approve, planOf, type Restored, restoreIn } from './restores.ts';
import { statusWhen, type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal?.close());

const restoring = <T>(scene: World, act: (handle: WorkflowHandle) => Promise<T>): Promise<T> =>
  restoreIn(temporal, scene, act, { backup: 'latest', by: 'chris' });

describe('an approval', () => {
  test('lets the restore swap, and silence in the undo window keeps it and drops the old database', async () => {
    const scene = world();
    const result = await restoring(scene, async (handle) => {
      await approve(handle);
      return handle.result() as Promise<Restored>;
    });
    expect(result.outcome).toBe('done');
    expect(result.report?.undo.decision).toBe('window-passed');
    expect(scene.calls.filter((name) => name === 'swapDatabases')).toHaveLength(1);
    expect(scene.lastRequest('dropDatabase')).toEqual({ database: { name: 'hermes_before_1', oid: 100 } });
    expect(scene.records.map(({ outcome }) => outcome)).toEqual(['done']);
  });

  test('for another plan changes nothing and is answered with the plan that waits', async () => {
    const scene = world();
    await restoring(scene, async (handle) => {
      const plan = await planOf(handle);
      await expect(
        handle.executeUpdate('approve', { args: [{ by: 'dana', plan: 'ffffffff' }] }),
      ).rejects.toMatchObject({
        cause: { message: `Plan ffffffff is not the one that waits: that is ${plan}.` },
      });
      await handle.signal('approve', { by: 'dana', plan: 'ffffffff' });
      const status = await statusWhen(handle, ({ timeline }) =>
        timeline.some(({ text }) => text.includes('ffffffff')),
      );
      expect(status.question?.plan).toBe(plan);
      await handle.signal('reject', { by: 'dana', plan });
      await handle.result();
    });
    expect(scene.calls).not.toContain('restoreBeside');
  });

  test('by nobody before the deadline is a no: contact after contact is told, nothing is changed', async () => {
    const scene = world();
    const result = await restoring(scene, (handle) => handle.result() as Promise<Restored>);
    expect(result.outcome).toBe('not-approved');
    expect(scene.notices.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(scene.calls).not.toContain('restoreBeside');
    expect(scene.records.map(({ outcome }) => outcome)).toEqual(['not-approved']);
  });

  test('after a rejection is told that there is nothing to approve', async () => {
    const scene = world();
    const result = await restoring(scene, async (handle) => {
      const plan = await planOf(handle);
      expect(
        await handle.executeUpdate('reject', { args: [{ by: 'dana', plan, reason: 'wrong backup' }] }),
      ).toBe('Taken: reject.');
      await handle.signal('approve', { by: 'chris', plan }).catch(() => undefined);
      return handle.result() as Promise<Restored>;
    });
    expect(result).toMatchObject({ outcome: 'rejected', summary: expect.stringContaining('wrong backup') });
    expect(scene.calls).not.toContain('restoreBeside');
  });

  test('twice counts once', async () => {
    const scene = world();
    await restoring(scene, async (handle) => {
      const plan = await planOf(handle);
      await handle.signal('approve', { by: 'dana', plan });
      await handle.signal('approve', { by: 'dana', plan });
      await handle.result();
    });
    expect(scene.calls.filter((name) => name === 'restoreBeside')).toHaveLength(1);
  });

  test('that two must give is not given by one person twice', async () => {
    const strict = { required: true, count: 2, from: [], deadlineMs: 3_600_000, remindAfterMs: 3_600_000 };
    const scene = world({
      readPolicy: async () => ({ ...policy, approvals: { 'restore-database': strict } }),
    });
    await restoring(scene, async (handle) => {
      const plan = await planOf(handle);
      expect(await handle.executeUpdate('approve', { args: [{ by: 'dana', plan }] })).toBe(
        'Taken. 1 more needed.',
      );
      await expect(handle.executeUpdate('approve', { args: [{ by: 'dana', plan }] })).rejects.toMatchObject({
        cause: { message: 'dana has answered already.' },
      });
      expect(await handle.executeUpdate('approve', { args: [{ by: 'chris', plan }] })).toBe(
        'Taken: approve.',
      );
      await handle.result();
    });
    expect(scene.calls).toContain('swapDatabases');
  });

  test('by somebody whom the stack file does not name is refused', async () => {
    const named = {
      required: true,
      count: 1,
      from: ['chris'],
      deadlineMs: 3_600_000,
      remindAfterMs: 3_600_000,
    };
    const scene = world({
      readPolicy: async () => ({ ...policy, approvals: { 'restore-database': named } }),
    });
    await restoring(scene, async (handle) => {
      const plan = await planOf(handle);
      await expect(
        handle.executeUpdate('approve', { args: [{ by: 'mallory', plan }] }),
      ).rejects.toMatchObject({
        cause: { message: 'mallory may not approve this. Who may: chris.' },
      });
      await handle.signal('reject', { by: 'chris', plan });
      await handle.result();
    });
  });

  test('is void when the live database changed meanwhile: it plans and asks again', async () => {
    let looks = 0;
    const scene = world({
      confirmRestorePlan: async () => {
        looks += 1;
        if (looks === 1) throw ApplicationFailure.nonRetryable('another database is live now', 'StalePlan');
      },
      planRestore: async () => ({
        ...(await world().activities.planRestore({ backupId: '', digest: '' })),
        liveBytes: looks,
      }),
    });
    await restoring(scene, async (handle) => {
      const first = await planOf(handle);
      await handle.signal('approve', { by: 'dana', plan: first });
      const second = await planOf(
        handle,
        ({ question }) => question !== undefined && question.plan !== first,
      );
      expect(scene.calls).not.toContain('restoreBeside');
      await handle.signal('approve', { by: 'dana', plan: second });
      await handle.result();
    });
    expect(scene.calls.filter((name) => name === 'swapDatabases')).toHaveLength(1);
  });

  test('sent as a signal with no JSON at all is noted, and the question stands', async () => {
    const scene = world();
    await restoring(scene, async (handle) => {
      const plan = await planOf(handle);
      await handle.signal('approve');
      const status = await statusWhen(handle, ({ timeline }) =>
        timeline.some(({ text }) => text.includes('not taken')),
      );
      const noted = status.timeline.find(({ text }) => text.includes('not taken'));
      expect(noted?.text).toContain('the whole answer');
      expect(status.question?.plan).toBe(plan);
      await handle.signal('reject', { by: 'dana', plan });
      await handle.result();
    });
  });
});
