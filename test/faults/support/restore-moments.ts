import { answer, planOf } from './answers.ts';
import type { Ground, Started } from './ground.ts';
import { type Held, holdBeforeNextChange, shutGate, until, untilAtGate, untilStarted } from './moments.ts';

/** A restore in which the job container runs, and stands still before its last index. */
export async function restoringBeside(ground: Ground): Promise<{ handle: Started; job: Held }> {
  const job = await shutGate(ground.hermes);
  const handle = await ground.restore();
  await answer(ground.hermes.client, handle, 'approve');
  await untilAtGate(ground.hermes);
  return { handle, job };
}

/** A restore that is verified and about to swap. */
export async function aboutToSwap(ground: Ground): Promise<{ handle: Started; swap: Held }> {
  const { handle, job } = await restoringBeside(ground);
  const next = await holdBeforeNextChange(ground.hermes);
  await job.release();
  const swap = await next.held;
  await untilStarted(handle, 'swapDatabases');
  return { handle, swap };
}

/** A restore that has swapped and waits for a rollback or a keep. */
export async function inUndoWindow(ground: Ground): Promise<Started> {
  const handle = await ground.restore();
  await answer(ground.hermes.client, handle, 'approve');
  await planOf(ground.hermes.client, handle, 'undo-window');
  return handle;
}

/** A restore from its start to its end. */
export async function restoreAndKeep(ground: Ground): Promise<Started> {
  const handle = await inUndoWindow(ground);
  await answer(ground.hermes.client, handle, 'keep');
  await handle.result();
  return handle;
}

/** Waits until the run has no session at the database any more that changes something. */
export async function untilSessionsEnd({ hermes }: Ground, { firstExecutionRunId }: Started): Promise<void> {
  await until(`no session of ${firstExecutionRunId}`, async () => {
    const rows = await hermes.sql(
      'select from pg_stat_activity where application_name like $1',
      [`hermes-ops ${firstExecutionRunId}%`],
      'postgres',
    );
    return rows.length === 0 ? true : undefined;
  });
}

export async function databasesLike({ hermes }: Ground, pattern: string): Promise<string[]> {
  const rows = await hermes.sql<{ name: string }>(
    'select datname as name from pg_database where datname like $1 order by 1',
    [pattern],
    'postgres',
  );
  return rows.map(({ name }) => name);
}

/** Days later a sweep does it; the next test wants a clean server now. */
export async function dropKept({ hermes }: Ground, names: string[]): Promise<void> {
  for (const name of names) await hermes.sql(`drop database ${name} with (force)`, [], 'postgres');
}
