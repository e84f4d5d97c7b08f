import { executeChild, ParentClosePolicy, proxyActivities, uuid4, workflowInfo } from '@temporalio/workflow';
import type { Load, LoadActivities } from '../activities/contract/load.ts';
import { problemTypeOf } from '../problem.ts';
import { autoscaleProcedure } from '../procedures/autoscale.ts';
import { decide, type Decision } from '../scaling/decide.ts';
import { scaleService } from './scale-service.ts';
import { alarm } from './steps/alarm.ts';
import { type AutoscaleMemory, memoryOf } from './steps/autoscale-memory.ts';
import { rootMessage } from './steps/failure-text.ts';
import { quickLook } from './steps/policies.ts';
import { type Ending, procedure, type ProcedureResult } from './steps/procedure.ts';
import type { Run } from './steps/run.ts';

const { lookAtLoad } = proxyActivities<LoadActivities>(quickLook);

/** Nobody is asked again for so long after a no, and a failed scaling is not tried again. */
const heldAfterRefusalMs = 60 * 60_000;
const heldAfterFailureMs = 15 * 60_000;

export interface AutoscaleReport {
  load: Load;
  decision: Decision;
  memory: AutoscaleMemory;
}

/** One look at the load, and what follows from it and the looks before. Runbook: High CPU usage, scale horizontally. */
export async function autoscale(raw: unknown): Promise<ProcedureResult<AutoscaleReport>> {
  return procedure(autoscaleProcedure, raw, async (run) => {
    const { recommendations, heldUntilMs } = memoryOf(workflowInfo().lastResult);
    const load = await run.step('Look at CPU and latency', () => lookAtLoad());
    const { service, look, targets, enabled } = load;
    const decision = decide(targets, look, recommendations, look.atMs < heldUntilMs);
    const ending = (summary: string, held = heldUntilMs): Ending<AutoscaleReport> => ({
      summary,
      report: { load, decision, memory: { recommendations: decision.recommendations, heldUntilMs: held } },
    });
    run.plan([`${service}: ${decision.reason}`], { service, from: look.replicas, to: decision.replicas });
    if (!enabled)
      return run.withoutRecord(ending(`Autoscaling is off in the stack file. ${decision.reason}.`));
    if (decision.replicas === look.replicas)
      return run.withoutRecord(ending(`${service}: ${decision.reason}.`));

    if (decision.asks) {
      const refusal = await refusalOf(run);
      if (refusal !== undefined) return ending(refusal, look.atMs + heldAfterRefusalMs);
    }
    const failure = await scale(run, service, decision);
    if (failure !== undefined) {
      return { ...ending(failure, look.atMs + heldAfterFailureMs), outcome: 'failed' };
    }
    return ending(`${service}: ${decision.reason}.`);
  });
}

/** Why nobody approved it; undefined when somebody did. */
async function refusalOf(run: Run): Promise<string | undefined> {
  try {
    await run.approval('autoscale');
    return undefined;
  } catch (error) {
    const type = problemTypeOf(error);
    if (type !== 'Rejected' && type !== 'NotApproved') throw error;
    return `${rootMessage(error)} It is not asked again for an hour.`;
  }
}

/** Scales as a person would. Returns why it failed: the next look must know of it, and people too. */
async function scale(run: Run, service: string, { replicas, reason }: Decision): Promise<string | undefined> {
  try {
    const { outcome, summary } = await run.change(
      `Scale ${service} to ${replicas}`,
      () =>
        executeChild(scaleService, {
          // Not the run's id: Reset changes that, and the replay would start another one.
          workflowId: `scale-service-${run.workflowId}-${uuid4().slice(-8)}`,
          args: [{ service, replicas, by: 'autoscaling', reason }],
          // Whatever ends this look, a scaling that has begun goes to its own end.
          parentClosePolicy: ParentClosePolicy.ABANDON,
        }),
      (result) => `${result.outcome}. ${result.summary}`,
    );
    if (outcome !== 'done') return `${service} was not scaled to ${replicas}: ${outcome}. ${summary}`;
    return undefined;
  } catch (error) {
    const type = problemTypeOf(error);
    if (type === undefined) throw error;
    const failure = `${service} could not be scaled to ${replicas}: ${rootMessage(error)}`;
    // Somebody else is at it: that is no failure to wake anybody for.
    if (type !== 'ResourceBusy')
      await alarm(run, { severity: 'P2', title: `Autoscaling failed on ${run.policy.stack}`, text: failure });
    return failure;
  }
}
