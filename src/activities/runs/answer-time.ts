import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import * as v from 'valibot';

const answerSchema = v.object({ by: v.pipe(v.string(), v.trim()), plan: v.pipe(v.string(), v.trim()) });

/**
 * When a signal with this answer reached the history: the first one by that person about that plan.
 * A worker that was away reads it later; what counts is when it was sent. ISO time, or null where there is none.
 */
export async function answerTimeIn(
  client: Client,
  run: { workflowId: string; runId: string },
  wanted: { signal: string; plan: string; by: string },
): Promise<string | null> {
  const { events } = await client.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
  for (const { eventTime, workflowExecutionSignaledEventAttributes: signaled } of events ?? []) {
    const [payload] = signaled?.input?.payloads ?? [];
    if (signaled?.signalName !== wanted.signal || payload === undefined || payload === null) continue;
    const answer = v.safeParse(answerSchema, readPayload(payload));
    if (!answer.success || answer.output.by !== wanted.by || answer.output.plan !== wanted.plan) continue;
    const seconds = Number(eventTime?.seconds ?? 0);
    return new Date(seconds * 1000 + (eventTime?.nanos ?? 0) / 1e6).toISOString();
  }
  return null;
}

type Payload = Parameters<typeof defaultPayloadConverter.fromPayload>[0];

/** Anybody may signal anything: what is not JSON is not an answer. */
function readPayload(payload: Payload): unknown {
  try {
    return defaultPayloadConverter.fromPayload<unknown>(payload);
  } catch {
    return undefined;
  }
}
