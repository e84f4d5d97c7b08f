import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WorkerProcess } from '../../scripts/worker-process.ts';
import { answer, planOf, statusOf } from './support/answers.ts';
import { changedSince, inBackup } from './support/content.ts';
import { type Customer, lostWrites, startCustomer } from './support/customer.ts';
import { endStateOf, restoredOnce } from './support/end-state.ts';
import { type Ground, layGround } from './support/ground.ts';
import { holdInsideSwap, untilInsideSwap, untilStarted } from './support/moments.ts';
import { aboutToSwap, restoringBeside } from './support/restore-moments.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await layGround('frozen', { rows: 20_000 });
});
afterAll(() => ground?.close());
beforeEach(() => ground.prepare());

describe('a worker that freezes and thaws after another one took over', () => {
  let frozen: WorkerProcess;
  let customer: Customer;
  beforeEach(async () => {
    const { hermes, backedUp, changed, seat } = ground;
    customer = await startCustomer(hermes, [backedUp, changed]);
    frozen = seat.worker;
  });
  afterEach(async () => {
    await customer.stop();
    // The test before may have failed while it was frozen.
    await frozen.kill();
  });

  /** Stops the worker where it is, and starts another one. */
  async function freeze(): Promise<void> {
    process.kill(frozen.pid, 'SIGSTOP');
    ground.seat.worker = await ground.hermes.startWorker();
  }

  function thaw(): void {
    process.kill(frozen.pid, 'SIGCONT');
  }

  /** What the customer saw of it, and what is wrong with that. */
  async function seenByCustomer(): Promise<{ seen: string[]; wrong: string[]; lost: number[] }> {
    const { confirmed, seen, wrong } = await customer.stop();
    return { seen, wrong, lost: await lostWrites(ground.hermes, confirmed.get(inBackup) ?? []) };
  }

  const oldThenNew = { seen: [changedSince, inBackup], wrong: [], lost: [] };

  test('while it restores beside: one restore, one swap', async () => {
    const { handle, job } = await restoringBeside(ground);
    await freeze();
    await untilStarted(handle, 'restoreBeside', 2);
    thaw();
    await job.release();
    await answer(ground.hermes.client, handle, 'keep');
    expect(await endStateOf(ground, handle)).toEqual(restoredOnce);
    expect(await seenByCustomer()).toEqual(oldThenNew);
  });

  test('before the swap: one swap', async () => {
    const { handle, swap } = await aboutToSwap(ground);
    await freeze();
    await untilStarted(handle, 'swapDatabases', 2);
    await swap.release();
    await planOf(ground.hermes.client, handle, 'undo-window');
    thaw();
    await answer(ground.hermes.client, handle, 'keep');
    expect(await endStateOf(ground, handle)).toEqual(restoredOnce);
    expect(await seenByCustomer()).toEqual(oldThenNew);
  });

  test('inside the transaction of the swap: one swap', async () => {
    const { hermes } = ground;
    const { handle, swap } = await aboutToSwap(ground);
    const journal = await holdInsideSwap(hermes);
    await swap.release();
    await untilInsideSwap(hermes);
    await freeze();
    await untilInsideSwap(hermes, 'later attempt');
    thaw();
    await journal.release();
    await answer(ground.hermes.client, handle, 'keep');
    expect(await endStateOf(ground, handle)).toEqual(restoredOnce);
    expect(await seenByCustomer()).toEqual(oldThenNew);
  });
});

describe('two restores at once, under different workflow ids', () => {
  test('the second is told who holds the database', async () => {
    const { hermes } = ground;
    const first = await ground.restore();
    await planOf(hermes.client, first);
    const second = await ground.restore();
    const failure: unknown = await second.result().catch((error: unknown) => error);
    expect(failure).toMatchObject({
      cause: {
        type: 'ResourceBusy',
        message: expect.stringContaining(`(workflow ${first.workflowId}, since `),
      },
    });
    await answer(hermes.client, first, 'reject');
    expect(await endStateOf(ground, first)).toEqual({
      ...restoredOnce,
      outcome: 'rejected',
      journal: [],
      content: 'as before',
    });
  });

  test('one that queues begins when the first has ended', async () => {
    const { hermes } = ground;
    const first = await ground.restore();
    await planOf(hermes.client, first);
    const second = await ground.restore({ onBusy: 'queue' });
    await statusOf(hermes.client, second, ({ timeline }) =>
      timeline.some(({ text }) => /in line/i.test(text)),
    );
    await answer(hermes.client, first, 'reject');
    await answer(hermes.client, second, 'approve');
    await answer(hermes.client, second, 'keep');
    expect(await endStateOf(ground, second)).toEqual(restoredOnce);
  });
});
