import { isCancellation, proxyActivities } from '@temporalio/workflow';
import type { DatabaseActivities, Swap, SwapBack } from '../../activities/contract/database.ts';
import type { ServiceActivities } from '../../activities/contract/service.ts';
import { awaitServing } from './await-serving.ts';
import { clockTime, spokenDuration } from './clock.ts';
import type { Fence } from './fence.ts';
import { quickLook, shortChange } from './policies.ts';
import type { Decision } from './question.ts';
import { describeWritten } from './restore-words.ts';
import type { Run } from './run.ts';
import { lockForRollback } from './service-locks.ts';

const { dropDatabase, swapBack } = proxyActivities<DatabaseActivities>(shortChange);
const { smokeTest } = proxyActivities<ServiceActivities>(quickLook);

export interface Undo {
  decision: 'kept' | 'window-passed' | 'rolled-back' | 'left';
  by?: string;
  summary: string;
  rollback?: SwapBack;
}

/**
 * Keeps the old database for the undo window, during which one signal brings it back; then drops it. No lock is
 * held meanwhile: backups go on. A cancellation ends the waiting only: the database stays until its date.
 */
export async function undoWindow(run: Run, swap: Swap, windowMs: number, fence: Fence): Promise<Undo> {
  let decision: Decision;
  try {
    decision = await askForUndo(run, swap, windowMs);
  } catch (error) {
    if (!isCancellation(error)) throw error;
    return {
      decision: 'left',
      summary: `Restored. Nobody waits for a rollback any more: ${swap.old.name} stays until its date, then a sweep drops it.`,
    };
  }
  if (decision.verb === 'rollback')
    return rollBack(run, swap, decision.plan, fence, decision.answers[0]?.by ?? 'somebody');
  run.enter('changing');
  await run.lock('database', 'queue');
  await run.change(`Drop the old database ${swap.old.name}`, () => dropDatabase({ database: swap.old }));
  const by = decision.verb === undefined ? undefined : decision.answers[0]?.by;
  return by === undefined
    ? {
        decision: 'window-passed',
        summary: `Restored. Nobody asked for a rollback within ${spokenDuration(windowMs)}.`,
      }
    : { decision: 'kept', by, summary: `Restored, and kept by ${by}.` };
}

function askForUndo(run: Run, swap: Swap, windowMs: number): Promise<Decision> {
  const { from = [] } = run.policy.approvals['rollback-database'] ?? {};
  return run.ask(
    {
      title: 'Undo window',
      lines: [
        `The restored database serves. The old one is kept as ${swap.old.name} until ${clockTime(Date.now() + windowMs)}`,
        'rollback brings the old one back; what was written since the swap is kept aside',
        'keep drops the old one now',
        ...describeWritten('written after the plan and not restored', swap.writtenSincePlan),
      ],
      about: { step: 'undo', content: swap },
      verbs: ['keep', 'rollback'],
      deadlineMs: windowMs,
      count: 1,
      from,
    },
    'undo-window',
  );
}

async function rollBack(run: Run, swap: Swap, approval: string, fence: Fence, by: string): Promise<Undo> {
  run.enter('undoing');
  await lockForRollback(run);
  const keepUntil = new Date(Date.now() + run.policy.keepUndoneForMs).toISOString();

  // -- customers notice from here --
  const rollback = await run.change(
    'Swap back',
    () => swapBack({ approval, swap, keepUntil }),
    (back) =>
      `the old database serves again; ${describeWritten('written since', back.writtenSinceSwap).join('; ')}`,
  );
  await fence.afterRollback();
  await awaitServing(run, new Date(Date.now()).toISOString());
  await run.step('Smoke test', () => smokeTest());
  // -- to here --

  return {
    decision: 'rolled-back',
    by,
    rollback,
    summary: `Rolled back by ${by}. What was written since the swap is in ${rollback.aside.name} until ${clockTime(Date.parse(keepUntil))}.`,
  };
}
