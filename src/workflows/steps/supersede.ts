import { proxyActivities } from '@temporalio/workflow';
import type { RestorePlan } from '../../activities/contract/database.ts';
import type { RunsActivities } from '../../activities/contract/runs.ts';
import { quickLook } from './policies.ts';
import type { Run } from './run.ts';

const { signalRun } = proxyActivities<RunsActivities>(quickLook);

/** A later restore ends the undo windows of the earlier ones: their way back would now undo the wrong thing. */
export async function endUndoOfEarlierRestores(run: Run, plan: RestorePlan): Promise<void> {
  for (const { workflowId, runId, database } of plan.endsUndoOf) {
    await run.step(`End the undo window of ${workflowId} (${database})`, () =>
      signalRun({ workflowId, runId, signal: 'superseded', payload: `restore ${run.workflowId}` }),
    );
  }
}
