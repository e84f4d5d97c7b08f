import type { WorkflowHandle } from '@temporalio/client';
import type { RestoreReport } from '../../../src/workflows/restore-database.ts';
import type { ProcedureResult } from '../../../src/workflows/steps/procedure.ts';
import type { RunStatus } from '../../../src/workflows/steps/status.ts';
import type { World } from './fakes.ts';
import { realRuns, statusWhen, type TimeSkipping } from './time-skipping.ts';

export type Restored = ProcedureResult<RestoreReport>;
let count = 0;

/** Runs one restore in `scene` while `act` answers it. Undefined is a start without any input. */
export async function restoreIn<T>(
  temporal: TimeSkipping,
  scene: World,
  act: (handle: WorkflowHandle) => Promise<T>,
  input: unknown,
): Promise<T> {
  count += 1;
  const args = input === undefined ? [] : [input];
  return temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () =>
    act(await temporal.start('restoreDatabase', `restore-${count}`, args)),
  );
}

const asking = (status: RunStatus): boolean => status.question !== undefined;
export const inUndoWindow = (status: RunStatus): boolean =>
  status.phase === 'undo-window' && status.question !== undefined;

export async function planOf(handle: WorkflowHandle, when = asking): Promise<string> {
  return (await statusWhen(handle, when)).question?.plan ?? '';
}

export async function approve(handle: WorkflowHandle): Promise<void> {
  await handle.signal('approve', { by: 'dana', plan: await planOf(handle) });
}
