import { isCancellation, proxyActivities, uuid4 } from '@temporalio/workflow';
import type { StackActivities } from '../../activities/contract/runs.ts';
import { problem } from '../../problem.ts';
import type { ApprovalName } from '../../stack/people.ts';
import { clockTime, spokenDuration } from './clock.ts';
import { underTitle } from './current-step.ts';
import { rootMessage } from './failure-text.ts';
import { planHash } from './plan-hash.ts';
import { tell } from './policies.ts';
import type { Run } from './run.ts';

const { notify } = proxyActivities<StackActivities>(tell);

/**
 * Waits until the people whom the stack file names approve exactly this plan. Returns the plan's hash, which the
 * change spends on its target. Throws Rejected, or NotApproved when the deadline passes in silence.
 */
export async function approvalOf(
  run: Run,
  step: ApprovalName,
  plan: { lines: string[]; content: unknown },
): Promise<string> {
  const policy = run.policy.approvals[step];
  if (policy?.required === false) {
    const hash = planHash(uuid4(), step, plan.content);
    run.note(`Plan ${hash} needs no approval: the stack file says so.`);
    return hash;
  }
  const { count = 1, from = [], deadlineMs = 3_600_000, remindAfterMs = 900_000 } = policy ?? {};
  const decision = await run.ask({
    title: 'Waiting for approval',
    lines: plan.lines,
    about: { step, content: plan.content },
    verbs: ['approve', 'reject'],
    deadlineMs,
    count,
    from,
    remind: { afterMs: remindAfterMs, tell: (reminder, hash) => remind(run, hash, plan.lines, reminder) },
  });
  const hash = decision.plan;
  if (decision.verb === undefined) {
    throw problem('NotApproved', {
      what: `Nobody approved plan ${hash} within ${spokenDuration(deadlineMs)}, until ${clockTime(Date.now())}.`,
      state: 'Nothing was changed.',
      next: 'Start it again when somebody can answer.',
    });
  }
  const [last] = decision.answers;
  if (decision.verb === 'reject') {
    throw problem('Rejected', {
      what: `${last?.by ?? 'Somebody'} rejected plan ${hash}${last?.reason ? `: ${last.reason}` : ''}.`,
      state: 'Nothing was changed.',
    });
  }
  return hash;
}

/**
 * Telling people must never stop the procedure: the question stands in the Web UI and on the command line too. Only a
 * cancellation does, which ends the waiting.
 */
async function remind(run: Run, hash: string, lines: string[], step: number): Promise<void> {
  try {
    const { told } = await underTitle(
      step === 0 ? 'Tell who may approve' : 'Remind, and tell the next contact',
      () =>
        notify({
          severity: 'P2',
          title: `${run.status.title} on ${run.policy.stack} waits for approval of plan ${hash}`,
          text: [`Workflow ${run.workflowId}.`, ...lines].join('\n'),
          step,
        }),
    );
    run.note(told.length > 0 ? `Told: ${told.join(', ')}.` : 'Nobody is left to tell.');
  } catch (error) {
    if (isCancellation(error)) throw error;
    run.note(`Could not tell anybody: ${rootMessage(error)}`);
  }
}
