import { proxyActivities } from '@temporalio/workflow';
import type { Notice, StackActivities } from '../../activities/contract/runs.ts';
import { underTitle } from './current-step.ts';
import { rootMessage } from './failure-text.ts';
import { tell } from './policies.ts';
import type { Run } from './run.ts';

const { notify } = proxyActivities<StackActivities>(tell);

/**
 * Tells people. Never stops the procedure: what it does matters more than that somebody hears of it. Nor does a
 * cancellation meanwhile, which would take the place of the failure that is told: the next step meets it.
 */
export async function alarm(run: Run, notice: Omit<Notice, 'step'>): Promise<void> {
  try {
    const { told } = await underTitle(`Tell people (${notice.severity})`, () =>
      notify({ ...notice, text: `${notice.text}\nWorkflow ${run.workflowId}.`, step: 0 }),
    );
    run.note(`${notice.severity}: ${notice.title}. Told: ${told.join(', ') || 'nobody'}.`);
  } catch (error) {
    run.note(`${notice.severity}: ${notice.title}. Could not tell anybody: ${rootMessage(error)}`);
  }
}
