import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { answer, statusOf } from './support/answers.ts';
import { changeContent, changedSince, contentOf } from './support/content.ts';
import { endStateOf, restoredOnce } from './support/end-state.ts';
import { type Ground, layGround, runOf, type Started } from './support/ground.ts';
import { journalOf } from './support/leftovers.ts';
import { isApproval, isScheduled, resetToBefore } from './support/reset.ts';
import {
  restoringBeside,
  databasesLike,
  dropKept,
  inUndoWindow,
  restoreAndKeep,
} from './support/restore-moments.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await layGround('reset');
});
afterAll(() => ground?.close());
beforeEach(() => ground.prepare());

/** Waits until the reset run has been sent the old approval again, has not counted it, and asks. */
async function asksAgain(again: WorkflowHandle, why = /Asking again|approve not taken/): Promise<string> {
  const { question } = await statusOf(
    ground.hermes.client,
    again,
    (now) => now.question !== undefined && now.timeline.some(({ text }) => why.test(text)),
  );
  return question?.plan ?? '';
}

function reset(first: Started, toBefore = isApproval): Promise<WorkflowHandle> {
  return resetToBefore(ground.hermes.client, runOf(first), toBefore);
}

describe('Reset to before the approval', () => {
  test('of a restore that was kept: it asks again, and rejected it has changed nothing', async () => {
    const first = await restoreAndKeep(ground);
    await changeContent(ground.hermes);
    const again = await reset(first);
    expect(await asksAgain(again)).toMatch(/^[0-9a-f]{8}$/);
    await answer(ground.hermes.client, again, 'reject');
    expect(await endStateOf(ground, again)).toEqual({
      ...restoredOnce,
      outcome: 'rejected',
      journal: [],
      content: 'as before',
    });
    expect(await journalOf(ground.hermes, runOf(first).runId)).toEqual(['swap']);
  });

  test('of a restore in its undo window: it asks again, and the old database stays until its date', async () => {
    const first = await inUndoWindow(ground);
    const kept = await databasesLike(ground, 'hermes_before_%');
    const again = await reset(first);
    expect(await asksAgain(again)).toMatch(/^[0-9a-f]{8}$/);
    await answer(ground.hermes.client, again, 'reject');
    expect(await endStateOf(ground, again, { kept })).toEqual({
      ...restoredOnce,
      outcome: 'rejected',
      journal: [],
    });
    expect(kept).toHaveLength(1);
    await dropKept(ground, kept);
  });

  test('and to before the question: what was answered then is not about it', async () => {
    const first = await restoreAndKeep(ground);
    await changeContent(ground.hermes);
    const again = await reset(first, isScheduled('dumpDatabase'));
    expect(await asksAgain(again, /approve not taken/)).toMatch(/^[0-9a-f]{8}$/);
    await answer(ground.hermes.client, again, 'reject');
    expect(await endStateOf(ground, again)).toEqual({
      ...restoredOnce,
      outcome: 'rejected',
      journal: [],
      content: 'as before',
    });
  });

  test('and approved again: it plans anew, and swaps for the new approval only', async () => {
    const { client } = ground.hermes;
    const first = await restoreAndKeep(ground);
    await changeContent(ground.hermes);
    const again = await reset(first);
    // The plan is of a database that is not live any more: it is made anew, and asked for anew.
    const stale = await answer(client, again, 'approve');
    await statusOf(client, again, ({ question }) => question !== undefined && question.plan !== stale);
    expect((await contentOf(ground.hermes)).marker).toBe(changedSince);
    await answer(client, again, 'approve');
    await answer(client, again, 'keep');
    expect(await endStateOf(ground, again)).toEqual(restoredOnce);
  });
});

describe('Reset to after the approval', () => {
  test('of a restore that was kept: it ends without another swap', async () => {
    const first = await restoreAndKeep(ground);
    await changeContent(ground.hermes);
    const again = await reset(first, isScheduled('verifyShadow'));
    expect(await endStateOf(ground, again)).toEqual({
      state: 'FAILED',
      outcome: undefined,
      journal: [],
      content: 'as before',
      doneTwice: [],
      leftovers: [],
    });
  });

  test('of a restore that had not swapped yet: the approval still counts, once', async () => {
    const { handle, job } = await restoringBeside(ground);
    const again = await reset(handle, isScheduled('restoreBeside'));
    await job.release();
    await answer(ground.hermes.client, again, 'keep');
    await again.result();
    // The run before was ended by the reset: its half-restored copy is nobody's.
    await (await ground.start('sweepLeftovers', {})).result();
    expect(await endStateOf(ground, again)).toEqual(restoredOnce);
  });
});
