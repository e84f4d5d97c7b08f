import { ApplicationFailure } from '@temporalio/common';
import { type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProcedureResult } from '../../../src/workflows/steps/procedure.ts';
import type { RunStatus } from '../../../src/workflows/steps/status.ts';
import type { RestoreReport } from '../../../src/workflows/restore-database.ts';
import { policy, type World, world } from './fakes.ts';
import { cancelAsking, realRuns, statusWhen, type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal.close());

type Result = ProcedureResult<RestoreReport>;
let count = 0;

/** Runs one restore in `scene` while `act` answers it. */
async function restoring<T>(
  scene: World,
  act: (handle: WorkflowHandle) => Promise<T>,
  input: Record<string, unknown> | undefined = { backup: 'latest', by: 'chris' },
): Promise<T> {
  count += 1;
  return temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () =>
    act(await temporal.start('restoreDatabase', `restore-${count}`, input === undefined ? [] : [input])),
  );
}

const asking = (status: RunStatus): boolean => status.question !== undefined;
const inUndoWindow = (status: RunStatus): boolean =>
  status.phase === 'undo-window' && status.question !== undefined;

async function planOf(handle: WorkflowHandle, when = asking): Promise<string> {
  return (await statusWhen(handle, when)).question?.plan ?? '';
}

async function approve(handle: WorkflowHandle): Promise<void> {
  await handle.signal('approve', { by: 'dana', plan: await planOf(handle) });
}

describe('an approval', () => {
  test('lets the restore swap, and silence in the undo window keeps it and drops the old database', async () => {
    const scene = world();
    const result = await restoring(scene, async (handle) => {
      await approve(handle);
      return handle.result() as Promise<Result>;
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
    const result = await restoring(scene, (handle) => handle.result() as Promise<Result>);
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
      return handle.result() as Promise<Result>;
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

describe('the way back', () => {
  test('a failed check of the copy leaves the live database serving: copy dropped, nothing swapped', async () => {
    const scene = world({
      verifyShadow: async () => {
        throw ApplicationFailure.nonRetryable(
          'public.matters: 49,999 rows, expected 50,000',
          'VerificationFailed',
        );
      },
    });
    await restoring(scene, async (handle) => {
      await approve(handle);
      const failure = await handle.result().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(WorkflowFailedError);
      expect(failure).toMatchObject({
        cause: { type: 'VerificationFailed', message: expect.stringContaining('49,999') },
      });
    });
    expect(scene.calls).not.toContain('swapDatabases');
    expect(scene.calls).toContain('discardShadow');
    expect(scene.records.map(({ outcome }) => outcome)).toEqual(['failed']);
  });

  test('a failed smoke test swaps back by itself', async () => {
    const scene = world({
      smokeTest: async () => {
        throw ApplicationFailure.nonRetryable('POST /api/v1/voice/session answered 500', 'SmokeTestFailed');
      },
    });
    await restoring(scene, async (handle) => {
      await approve(handle);
      await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'SmokeTestFailed' } });
    });
    expect(scene.calls.slice(-3)).toEqual(['undoSwap', 'discardShadow', 'writeRecord']);
  });

  test('a way back that fails is said, with what to do by hand', async () => {
    const scene = world({
      verifyShadow: async () => {
        throw ApplicationFailure.nonRetryable('rows are missing', 'VerificationFailed');
      },
      discardShadow: async () => {
        throw ApplicationFailure.nonRetryable('the server is away', 'UnsafeToRestore');
      },
    });
    await restoring(scene, async (handle) => {
      await approve(handle);
      await expect(handle.result()).rejects.toMatchObject({
        cause: {
          message:
            'rows are missing The way back failed too; do by hand: Drop the restored copy: the server is away',
        },
      });
    });
  });

  test('a cancellation while it waits ends it as cancelled, with its record', async () => {
    const scene = world();
    await restoring(scene, async (handle) => {
      await cancelAsking(handle);
      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    });
    expect(scene.records.map(({ outcome }) => outcome)).toEqual(['cancelled']);
  });

  test('an api that does not reconnect is restarted', async () => {
    let looks = 0;
    const scene = world({
      awaitReconnection: async () => {
        looks += 1;
        return { reconnected: looks > 1, afterMs: 20_000 };
      },
    });
    await restoring(scene, async (handle) => {
      await approve(handle);
      await handle.result();
    });
    expect(scene.calls).toContain('restartApi');
  });
});

describe('the undo window', () => {
  test('one signal swaps back, and says what was written since', async () => {
    const scene = world();
    const result = await restoring(scene, async (handle) => {
      await approve(handle);
      await handle.signal('rollback', {
        by: 'chris',
        plan: await planOf(handle, inUndoWindow),
        reason: 'wrong day',
      });
      return handle.result() as Promise<Result>;
    });
    expect(result.outcome).toBe('rolled-back');
    expect(result.report?.undo.rollback?.writtenSinceSwap).toEqual([
      { table: 'public.matters', inserted: 7, updated: 1, deleted: 0 },
    ]);
    expect(scene.calls).not.toContain('dropDatabase');
  });

  test('an approval sent again is no rollback and no keep', async () => {
    const scene = world();
    await restoring(scene, async (handle) => {
      const plan = await planOf(handle);
      await handle.signal('approve', { by: 'dana', plan });
      const undo = await planOf(handle, inUndoWindow);
      await handle.signal('rollback', { by: 'dana', plan });
      await statusWhen(handle, ({ timeline }) =>
        timeline.some(({ text }) => text.includes('rollback not taken')),
      );
      await handle.signal('keep', { by: 'dana', plan: undo });
      await handle.result();
    });
    expect(scene.calls).not.toContain('swapBack');
    expect(scene.calls).toContain('dropDatabase');
  });

  test('a cancellation there ends the waiting and leaves the old database to its date', async () => {
    const scene = world();
    const result = await restoring(scene, async (handle) => {
      await approve(handle);
      await planOf(handle, inUndoWindow);
      await handle.cancel();
      return handle.result() as Promise<Result>;
    });
    expect(result.report?.undo.decision).toBe('left');
    expect(scene.calls).not.toContain('dropDatabase');
    expect(scene.calls).not.toContain('undoSwap');
  });

  test('a later restore ends it', async () => {
    const scene = world();
    const result = await restoring(scene, async (handle) => {
      await approve(handle);
      await planOf(handle, inUndoWindow);
      await handle.signal('superseded', 'restore restore-later');
      return handle.result() as Promise<Result>;
    });
    expect(result.report?.undo).toMatchObject({ decision: 'kept', by: 'restore restore-later' });
  });
});

describe('the start', () => {
  test.each([
    [undefined, '`backup` is missing: expected a backup id, a time such as'],
    [{ backup: 7 }, '`backup` is 7 (number): expected a backup id'],
    ['latest', 'expected one JSON object, got "latest" (string)'],
    [{ backup: 'latest', dryrun: true }, '`dryrun` is not a field; the fields are by, reason, dryRun'],
  ])('with input %j names the field, what came, what is expected, and an example', async (input, message) => {
    const scene = world();
    count += 1;
    await temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () => {
      const handle = await temporal.start(
        'restoreDatabase',
        `restore-${count}`,
        input === undefined ? [] : [input],
      );
      const failure = await handle.result().catch((error: unknown) => error);
      expect(failure).toMatchObject({
        cause: { type: 'InvalidInput', message: expect.stringContaining(message) },
      });
      expect(failure).toMatchObject({ cause: { message: expect.stringContaining('{"backup":"latest"') } });
    });
    expect(scene.calls).toEqual([]);
  });

  test('as a dry run plans, takes no lock and changes nothing', async () => {
    const scene = world();
    const result = await restoring(scene, (handle) => handle.result() as Promise<Result>, {
      backup: 'latest',
      dryRun: true,
    });
    expect(result.outcome).toBe('planned');
    expect(result.plan?.lines).toContain('public.matters: 49,900 → 50,000 rows (+100)');
    expect(scene.calls).toEqual(['readPolicy', 'chooseBackup', 'verifyBackup', 'planRestore', 'lookAtCache']);
  });

  test('beside another restore is refused and told who holds the database', async () => {
    const scene = world();
    await restoring(scene, async (first) => {
      const plan = await planOf(first);
      const second = await temporal.start('restoreDatabase', `second-${count}`, [{ backup: 'latest' }]);
      await expect(second.result()).rejects.toMatchObject({
        cause: { type: 'ResourceBusy', message: expect.stringContaining(first.workflowId) },
      });
      await first.signal('reject', { by: 'dana', plan });
      await first.result();
    });
    expect(scene.calls.filter((name) => name === 'dumpDatabase')).toHaveLength(1);
  });

  test('of one that queues goes on when the first has ended', async () => {
    const scene = world();
    await restoring(scene, async (first) => {
      const plan = await planOf(first);
      const second = await temporal.start('restoreDatabase', `queued-${count}`, [
        { backup: 'latest', onBusy: 'queue' },
      ]);
      const { timeline } = await statusWhen(second, ({ phase }) => phase === 'waiting-for-lock');
      expect(timeline.at(-1)?.text).toContain(`Waiting in line: database is held by restoreDatabase`);
      await first.signal('reject', { by: 'dana', plan });
      await first.result();
      await second.signal('reject', { by: 'dana', plan: await planOf(second) });
      expect(((await second.result()) as Result).outcome).toBe('rejected');
    });
  });
});
