import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { answer, planOf } from './support/answers.ts';
import { contentOf } from './support/content.ts';
import { cancelledUnchanged, endStateOf, restoredOnce } from './support/end-state.ts';
import {
  type BackedUp,
  backupIn,
  type Ground,
  keptBy,
  layGround,
  type Restored,
  runOf,
} from './support/ground.ts';
import { journalOf, leftovers } from './support/leftovers.ts';
import {
  holdBeforeNextChange,
  holdInsideSwap,
  holdNextJob,
  holdTable,
  untilCancelRequested,
  untilInsideSwap,
  untilStarted,
} from './support/moments.ts';
import {
  aboutToSwap,
  databasesLike,
  dropKept,
  inUndoWindow,
  restoreAndKeep,
  restoringBeside,
  untilSessionsEnd,
} from './support/restore-moments.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await layGround('buttons', { rows: 20_000 });
});
afterAll(() => ground?.close());
beforeEach(() => ground.prepare());

const pressed = 'pressed in the Web UI';

describe('Terminate', () => {
  test('in the middle of the dump: the next backup works at once and takes the rest away', async () => {
    const job = await holdNextJob(ground.hermes, 'dump');
    const first = await ground.start('backupDatabase', {});
    const held = await job.held;
    const before = await publishedBackups();
    await first.terminate(pressed);
    await held.release();
    const second: BackedUp = await (await ground.start('backupDatabase', {})).result();
    expect(second.outcome).toBe('done');
    expect(await publishedBackups()).toEqual([...before, backupIn(second)].toSorted());
    expect(await leftovers(ground.hermes)).toEqual([]);
  });

  test('in the middle of the restore: the next restore works at once and takes the rest away', async () => {
    const { handle, job } = await restoringBeside(ground);
    await handle.terminate(pressed);
    await job.release();
    expect(await endStateOf(ground, await restoreAndKeep(ground))).toEqual(restoredOnce);
    expect(await journalOf(ground.hermes, runOf(handle).runId)).toEqual([]);
  });

  test('right before the swap: it does not swap any more, and the next restore does', async () => {
    const { hermes } = ground;
    const { handle, swap } = await aboutToSwap(ground);
    await handle.terminate(pressed);
    const next = await ground.restore();
    await untilSessionsEnd(ground, handle);
    expect(await contentOf(hermes)).toEqual(ground.changed);
    await swap.release();
    await answer(hermes.client, next, 'approve');
    await answer(hermes.client, next, 'keep');
    expect(await endStateOf(ground, next)).toEqual(restoredOnce);
    expect(await journalOf(hermes, runOf(handle).runId)).toEqual([]);
  });

  async function publishedBackups(): Promise<string[]> {
    return (await readdir(ground.hermes.backups)).filter((name) => !name.startsWith('.')).toSorted();
  }
});

describe('Request Cancellation', () => {
  test('while it dumps: nothing is left of the dump', async () => {
    const job = await holdNextJob(ground.hermes, 'dump');
    const handle = await ground.restore();
    const held = await job.held;
    await handle.cancel();
    await held.release();
    expect(await endStateOf(ground, handle)).toEqual(cancelledUnchanged);
  });

  test('while it waits for approval: nothing is left', async () => {
    const handle = await ground.restore();
    await planOf(ground.hermes.client, handle);
    await handle.cancel();
    expect(await endStateOf(ground, handle)).toEqual(cancelledUnchanged);
  });

  test('while it restores beside: the job is stopped, the copy dropped', async () => {
    const { handle, job } = await restoringBeside(ground);
    await handle.cancel();
    await job.release();
    expect(await endStateOf(ground, handle)).toEqual(cancelledUnchanged);
  });

  test('while it verifies: the copy is dropped', async () => {
    const { handle, job } = await restoringBeside(ground);
    const next = await holdBeforeNextChange(ground.hermes);
    // Reading the copy waits from its first table on, however fast it is.
    await job.release();
    const change = await next.held;
    const [copy = ''] = await databasesLike(ground, 'hermes_restore_%');
    const table = await holdTable(ground.hermes, copy, 'voice_sessions');
    await untilStarted(handle, 'verifyShadow');
    await handle.cancel();
    await change.release();
    expect(await endStateOf(ground, handle)).toEqual(cancelledUnchanged);
    await table.release();
  });

  test('before the swap: it does not swap', async () => {
    const { handle, swap } = await aboutToSwap(ground);
    await handle.cancel();
    await untilSessionsEnd(ground, handle);
    await swap.release();
    expect(await endStateOf(ground, handle)).toEqual(cancelledUnchanged);
  });

  test('inside the swap: it is swapped back, and what was written meanwhile is kept aside', async () => {
    const { handle, swap } = await aboutToSwap(ground);
    const journal = await holdInsideSwap(ground.hermes);
    await swap.release();
    await untilInsideSwap(ground.hermes);
    await handle.cancel();
    await untilCancelRequested(handle);
    await journal.release();
    await handle.result().catch(() => undefined);
    const kept = await databasesLike(ground, 'hermes_undone_%');
    expect(await endStateOf(ground, handle, { kept })).toEqual({
      ...cancelledUnchanged,
      journal: ['swap', 'swap-back'],
    });
    expect(kept).toHaveLength(1);
    await dropKept(ground, kept);
  });

  test('in the undo window: the restored database serves on, the old one stays until its date', async () => {
    const handle = await inUndoWindow(ground);
    await handle.cancel();
    const result: Restored = await handle.result();
    const kept = keptBy(result);
    expect(result.report?.undo.decision).toBe('left');
    expect(await endStateOf(ground, handle, { kept })).toEqual(restoredOnce);
    await dropKept(ground, kept);
  });
});
