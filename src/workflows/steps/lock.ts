import {
  CancellationScope,
  type ChildWorkflowHandle,
  ParentClosePolicy,
  proxyActivities,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { RunsActivities } from '../../activities/contract/runs.ts';
import { problem } from '../../problem.ts';
import { type holdLock, releaseLock } from '../hold-lock.ts';
import { underTitle } from './current-step.ts';
import { queueIntervalMs, quickLook } from './policies.ts';

const { inspectLock } = proxyActivities<RunsActivities>(quickLook);

export interface LockRequest {
  stack: string;
  /** What is locked, in the stack: `database`, `proxy`, `service/api`. */
  resource: string;
  onBusy: 'fail' | 'queue';
  /** Told once, when it has to wait in line. */
  waits: (text: string) => void;
}

export interface HeldLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a resource. A second procedure fails with ResourceBusy, which says who holds it, or queues.
 * A lock whose holder's run is over (terminated, reset) is broken first.
 */
export async function acquireLock(request: LockRequest): Promise<HeldLock> {
  const lockId = lockIdOf(request);
  for (let told = false; ;) {
    const child = await tryStart(lockId, request.resource);
    if (child !== undefined) return heldLock(child, lockId);
    const { holder } = await underTitle(`Who holds the lock on ${request.resource}?`, () =>
      inspectLock({ lockId }),
    );
    if (holder === undefined) continue;
    const who = `${holder.procedure} (workflow ${holder.workflowId}, since ${holder.since})`;
    if (request.onBusy === 'fail') {
      throw problem('ResourceBusy', {
        what: `The ${request.resource} of ${request.stack} is held by ${who}.`,
        state: 'Nothing was started.',
        next: 'Wait until it ends, answer it, or start again with "onBusy": "queue".',
      });
    }
    if (!told) request.waits(`Waiting in line: ${request.resource} is held by ${who}.`);
    told = true;
    await sleep(queueIntervalMs, {
      summary: `In line for ${request.resource}, held by ${holder.workflowId}`,
    });
  }
}

/** Whether this very run still holds it: after *Reset* the history says so, and the lock may be gone. */
export async function stillHeld(request: LockRequest): Promise<boolean> {
  const { isOurs } = await underTitle(`Is the lock on ${request.resource} still ours?`, () =>
    inspectLock({ lockId: lockIdOf(request) }),
  );
  return isOurs;
}

function lockIdOf({ stack, resource }: LockRequest): string {
  return `lock/${stack}/${resource}`;
}

/** Outside the cancellation of the procedure: its way back still needs the lock. */
async function tryStart(
  lockId: string,
  resource: string,
): Promise<ChildWorkflowHandle<typeof holdLock> | undefined> {
  const { workflowId, runId, workflowType } = workflowInfo();
  try {
    return await CancellationScope.nonCancellable(() =>
      startChild<typeof holdLock>('holdLock', {
        workflowId: lockId,
        args: [],
        parentClosePolicy: ParentClosePolicy.TERMINATE,
        memo: {
          holder: { workflowId, runId, procedure: workflowType, since: new Date(Date.now()).toISOString() },
        },
        staticSummary: `Lock on ${resource}, held by ${workflowId}`,
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

function heldLock(child: ChildWorkflowHandle<typeof holdLock>, lockId: string): HeldLock {
  // A lock that somebody ended is found out by `stillHeld`; its failure must not end the procedure.
  const ended = child.result().catch(() => undefined);
  return {
    async release() {
      await CancellationScope.nonCancellable(async () => {
        const told = await child.signal(releaseLock).then(
          () => true,
          () => false,
        );
        // After *Reset* the lock is of the run before, which is over: it takes no signal from this one, but is ended by
        // a look at it.
        if (told) await ended;
        else await underTitle('End the lock of the run before', () => inspectLock({ lockId }));
      });
    },
  };
}
