import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import * as v from 'valibot';
import { problem } from '../problem.ts';
import type { RunStatus } from '../workflows/steps/status.ts';

/** An activity under way, as Temporal's server sees it: known also while no worker answers. */
export interface PendingStep {
  activity: string;
  attempt: number;
  /** What it last said of itself. */
  progress?: { text: string; fraction?: number };
  /** Why the attempt before this one failed. */
  lastFailure?: string;
}

export interface RunView {
  workflowId: string;
  runId: string;
  workflowType: string;
  /** Temporal's own word: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, … */
  state: string;
  startedAt: string;
  closedAt?: string;
  pending: PendingStep[];
  /** What the run says of itself; absent while no worker answers. */
  status?: RunStatus;
}

const queryTimeoutMs = 5_000;

/** One run as it is now. Throws UnknownRun's words as InvalidInput when there is none of that id. */
export async function describeRun(client: Client, workflowId: string, runId?: string): Promise<RunView> {
  const handle = client.workflow.getHandle(workflowId, runId);
  let description;
  try {
    description = await handle.describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw problem('InvalidInput', {
      what: `There is no run with the workflow id ${workflowId}.`,
      next: 'List them: hermes-ops list',
    });
  }
  const { closeTime } = description;
  const status = await askStatus(client, workflowId, description.runId);
  return {
    workflowId,
    runId: description.runId,
    workflowType: description.type,
    state: description.status.name,
    startedAt: description.startTime.toISOString(),
    ...(closeTime === undefined ? {} : { closedAt: closeTime.toISOString() }),
    pending: (description.raw.pendingActivities ?? []).map(pendingStep),
    ...(status === undefined ? {} : { status }),
  };
}

/** The run's own word. Undefined while no worker is there to give it, or for a run that is not a procedure. */
async function askStatus(client: Client, workflowId: string, runId: string): Promise<RunStatus | undefined> {
  try {
    return await client.withDeadline(Date.now() + queryTimeoutMs, () =>
      client.workflow.getHandle(workflowId, runId).query<RunStatus>('status'),
    );
  } catch {
    return undefined;
  }
}

const progressSchema = v.object({ text: v.string(), fraction: v.optional(v.number()) });

type Description = Awaited<ReturnType<ReturnType<Client['workflow']['getHandle']>['describe']>>;
type PendingActivity = NonNullable<Description['raw']['pendingActivities']>[number];

function pendingStep({ activityType, attempt, heartbeatDetails, lastFailure }: PendingActivity): PendingStep {
  const [payload] = heartbeatDetails?.payloads ?? [];
  const progress =
    payload === undefined || payload === null
      ? undefined
      : v.safeParse(progressSchema, defaultPayloadConverter.fromPayload<unknown>(payload));
  const said = progress?.success === true ? progress.output : undefined;
  return {
    activity: activityType?.name ?? 'unknown',
    attempt: attempt ?? 1,
    ...(said === undefined
      ? {}
      : {
          progress:
            said.fraction === undefined ? { text: said.text } : { text: said.text, fraction: said.fraction },
        }),
    ...(lastFailure?.message ? { lastFailure: lastFailure.message } : {}),
  };
}
