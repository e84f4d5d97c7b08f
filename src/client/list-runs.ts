import type { Client } from '@temporalio/client';

export interface RunLine {
  workflowId: string;
  runId: string;
  workflowType: string;
  state: string;
  phase: string;
  startedAt: string;
  closedAt?: string;
}

/** The stack's runs, newest first. Locks are left out. */
export async function listRuns(
  client: Client,
  { stack, state, limit }: { stack: string; state?: 'running' | 'ended'; limit: number },
): Promise<RunLine[]> {
  const states = { running: " AND ExecutionStatus = 'Running'", ended: " AND ExecutionStatus != 'Running'" };
  const query = `Stack = '${stack}'${state === undefined ? '' : states[state]}`;
  const lines: RunLine[] = [];
  for await (const run of client.workflow.list({ query })) {
    const phase = run.typedSearchAttributes.getAll().find(({ key }) => key.name === 'Phase')?.value;
    lines.push({
      workflowId: run.workflowId,
      runId: run.runId,
      workflowType: run.type,
      state: run.status.name,
      phase: typeof phase === 'string' ? phase : '',
      startedAt: run.startTime.toISOString(),
      ...(run.closeTime === undefined ? {} : { closedAt: run.closeTime.toISOString() }),
    });
    if (lines.length >= limit) break;
  }
  return lines;
}
