import { type Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;
export interface RunOf {
  workflowId: string;
  runId: string;
}

/** Longer than the server holds a request that waits for an event. */
const longPollMs = 90_000;

/** Yields what is new in a run's history the moment that it is written, until the run is over. */
export async function* newEvents(
  client: Client,
  { workflowId, runId }: RunOf,
): AsyncGenerator<HistoryEvent[]> {
  let nextPageToken: Uint8Array = new Uint8Array();
  for (let seen = 0; ;) {
    const page = await client.withDeadline(Date.now() + longPollMs, () =>
      client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
        waitNewEvent: true,
        nextPageToken,
      }),
    );
    const news = (page.history?.events ?? []).filter((event) => idOf(event) > seen);
    if (news.length > 0) {
      seen = idOf(news.at(-1) ?? {});
      yield news;
    }
    nextPageToken = page.nextPageToken;
    if (nextPageToken.length === 0) return;
  }
}

/** A run's history so far. */
export async function eventsOf(client: Client, { workflowId, runId }: RunOf): Promise<HistoryEvent[]> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  return events ?? [];
}

export function idOf({ eventId }: HistoryEvent): number {
  return Number(eventId ?? 0);
}

/** `ActivityTaskScheduled dumpDatabase`, `WorkflowExecutionSignaled approve`: what an event is, in a word or two. */
export function nameOf(event: HistoryEvent): string {
  const [attributes] = Object.keys(event).filter((key) => key.endsWith('EventAttributes'));
  const type = (attributes ?? 'unknown').replace(/EventAttributes$/, '');
  const about =
    event.activityTaskScheduledEventAttributes?.activityType?.name ??
    event.workflowExecutionSignaledEventAttributes?.signalName;
  return `${type.charAt(0).toUpperCase()}${type.slice(1)}${about === undefined || about === null ? '' : ` ${about}`}`;
}

export function isOfSignal(event: HistoryEvent, signal: string): boolean {
  return event.workflowExecutionSignaledEventAttributes?.signalName === signal;
}
