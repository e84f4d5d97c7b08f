import { ApplicationFailure } from '@temporalio/common';
import { type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type World, world } from './fakes.ts';
import { approve, inUndoWindow, planOf, type Restored, restoreIn } from './restores.ts';
import { cancelAsking, statusWhen, type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal?.close());

const restoring = <T>(
  scene: World,
  act: (handle: WorkflowHandle) => Promise<T>,
  input: unknown = { backup: 'latest', by: 'chris' },
): Promise<T> => restoreIn(temporal, scene, act, input);

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
      return handle.result() as Promise<Restored>;
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
      return handle.result() as Promise<Restored>;
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
      return handle.result() as Promise<Restored>;
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
    const toFailure = (handle: WorkflowHandle): Promise<unknown> =>
      handle.result().catch((error: unknown) => error);
    const failure = await restoreIn(temporal, scene, toFailure, input);
    expect(failure).toMatchObject({
      cause: { type: 'InvalidInput', message: expect.stringContaining(message) },
    });
    expect(failure).toMatchObject({ cause: { message: expect.stringContaining('{"backup":"latest"') } });
    expect(scene.calls).toEqual([]);
  });

  test('as a dry run plans, takes no lock and changes nothing', async () => {
    const scene = world();
    const result = await restoring(scene, (handle) => handle.result() as Promise<Restored>, {
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
      const second = await temporal.start('restoreDatabase', 'second', [{ backup: 'latest' }]);
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
      const second = await temporal.start('restoreDatabase', 'queued', [
        { backup: 'latest', onBusy: 'queue' },
      ]);
      const { timeline } = await statusWhen(second, ({ phase }) => phase === 'waiting-for-lock');
      expect(timeline.at(-1)?.text).toContain(`Waiting in line: database is held by restoreDatabase`);
      await first.signal('reject', { by: 'dana', plan });
      await first.result();
      await second.signal('reject', { by: 'dana', plan: await planOf(second) });
      expect(((await second.result()) as Restored).outcome).toBe('rejected');
    });
  });
});
