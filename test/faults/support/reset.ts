import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { eventsOf, type HistoryEvent, isOfSignal, type RunOf } from './history.ts';

/**
 * *Reset* of the Web UI: a new run that begins again at the last workflow task before the event, and gets the signals
 * after it once more.
 */
export async function resetToBefore(
  client: Client,
  run: RunOf,
  wanted: (event: HistoryEvent) => boolean,
): Promise<WorkflowHandle> {
  const events = await eventsOf(client, run);
  const found = events.findIndex(wanted);
  const task = events
    .slice(0, Math.max(found, 0))
    .findLast((event) => (event.workflowTaskCompletedEventAttributes ?? null) !== null);
  if (task === undefined) throw new Error(`There is no workflow task of ${run.workflowId} to reset to.`);
  const request = temporal.api.workflowservice.v1.ResetWorkflowExecutionRequest.fromObject({
    namespace: client.options.namespace,
    workflowExecution: run,
    reason: 'pressed in the Web UI',
    requestId: randomUUID(),
    workflowTaskFinishEventId: task.eventId,
  });
  const response = await client.workflowService.resetWorkflowExecution(request);
  return client.workflow.getHandle(run.workflowId, response.runId);
}

export function isApproval(event: HistoryEvent): boolean {
  return isOfSignal(event, 'approve');
}

export function isScheduled(activity: string): (event: HistoryEvent) => boolean {
  return (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity;
}
