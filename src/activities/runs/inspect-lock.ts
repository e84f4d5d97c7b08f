import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import * as v from 'valibot';
import type { LockHolder } from '../contract/runs.ts';
import { isAlive } from './alive.ts';

const holderSchema = v.object({
  workflowId: v.string(),
  runId: v.string(),
  procedure: v.string(),
  since: v.string(),
});

const free: LockHolder = { held: false, isOurs: false };

/** Who holds a lock. Ends a lock whose holder's run is over: *Reset* leaves such ones behind. */
export async function inspectLockOf(
  client: Client,
  lockId: string,
  asking: { workflowId: string; runId: string },
): Promise<LockHolder> {
  const lock = client.workflow.getHandle(lockId);
  let description;
  try {
    description = await lock.describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return free;
    throw error;
  }
  if (description.status.name !== 'RUNNING') return free;
  const parsed = v.safeParse(holderSchema, description.memo?.['holder']);
  const holder = parsed.success ? parsed.output : undefined;
  if (holder !== undefined && (await isAlive(client, holder))) {
    const isOurs = holder.workflowId === asking.workflowId && holder.runId === asking.runId;
    return { held: true, isOurs, holder };
  }
  await endLock(client, lockId, description.runId, holder?.workflowId ?? 'nobody');
  return free;
}

async function endLock(client: Client, lockId: string, runId: string, holder: string): Promise<void> {
  try {
    await client.workflow.getHandle(lockId, runId).terminate(`The run that held it is over: ${holder}`);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
