import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { World } from '../unit/workflows/fakes.ts';
import { statusWhen } from '../unit/workflows/time-skipping.ts';

/** A run to be recorded: how it starts, what it meets, and how it is answered. */
export interface Recording {
  file: string;
  workflowType: string;
  input: Record<string, unknown>;
  scene?: World;
  act?: (handle: WorkflowHandle) => Promise<unknown>;
}

export const failing = (type: string) => async (): Promise<never> => {
  throw ApplicationFailure.nonRetryable(`${type} in a recording`, type);
};

export function firstThen<T>(first: T, then: T): () => Promise<T> {
  let calls = 0;
  return () => {
    calls += 1;
    return Promise.resolve(calls === 1 ? first : then);
  };
}

export async function planIn(handle: WorkflowHandle, phase: string): Promise<string> {
  const status = await statusWhen(handle, (now) => now.phase === phase && now.question !== undefined);
  return status.question?.plan ?? '';
}

export async function approve(handle: WorkflowHandle): Promise<void> {
  await handle.signal('approve', { by: 'dana', plan: await planIn(handle, 'waiting-for-answer') });
}

export const inUndoWindow =
  (verb: 'keep' | 'rollback') =>
  async (handle: WorkflowHandle): Promise<void> => {
    await approve(handle);
    await handle.executeUpdate(verb, { args: [{ by: 'dana', plan: await planIn(handle, 'undo-window') }] });
  };
