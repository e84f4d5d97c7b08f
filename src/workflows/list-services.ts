import { proxyActivities, TimeoutFailure } from '@temporalio/workflow';
import type { StackLookActivities } from '../activities/contract/stack-look.ts';
import { problem, problemTypeOf } from '../problem.ts';
import { listServicesProcedure, type ServicesReport, type StackLook } from '../procedures/list-services.ts';
import { rootFailure } from './steps/failure-text.ts';
import { promptLook } from './steps/policies.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';
import type { Run } from './steps/run.ts';
import { describeStack, findingsOf } from './steps/services-findings.ts';

const { lookAtStack } = proxyActivities<StackLookActivities>(promptLook);

/** Shows what runs. Runbook: Docker Commands, `docker-compose ps`, `docker stats`, `docker inspect`. */
export async function listServices(raw: unknown): Promise<ProcedureResult<ServicesReport>> {
  return procedure(listServicesProcedure, raw, async (run) => {
    const look = await lookOnce(run);
    const findings = findingsOf(look);
    for (const { about, text } of findings) run.note(`${about}: ${text}`);
    return { summary: describeStack(look, findings), report: { ...look, findings } };
  });
}

/** Throws Unreachable, in words that do not say that anything was down: nobody could see. */
async function lookOnce(run: Run): Promise<StackLook> {
  try {
    return await run.step('Look at the containers', () => lookAtStack());
  } catch (error) {
    const isAway = problemTypeOf(error) === 'Unreachable' || rootFailure(error) instanceof TimeoutFailure;
    if (!isAway) throw error;
    throw problem('Unreachable', {
      what: 'The Docker engine does not answer: which containers run cannot be seen.',
      state: 'They may well run, and serve.',
      next: 'See whether the engine runs on its host (systemctl status docker), and whether the worker reaches its socket.',
    });
  }
}
