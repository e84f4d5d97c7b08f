import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

const { WorkflowTaskFailedCause } = proto.temporal.api.enums.v1;

/** Whether the history of this run holds a *Reset* after `since` (ISO time): what came before is of another run. */
export async function wasResetAfter(
  client: Client,
  run: { workflowId: string; runId: string },
  since: string,
): Promise<boolean> {
  const { events } = await client.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
  return (events ?? []).some(({ eventTime, workflowTaskFailedEventAttributes: failed }) => {
    if (failed?.cause !== WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW) return false;
    const atMs = Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;
    return atMs > Date.parse(since);
  });
}
