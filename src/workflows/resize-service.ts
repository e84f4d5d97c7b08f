import { proxyActivities } from '@temporalio/workflow';
import type { HeldLimits, LimitActivities, ResizePlan } from '../activities/contract/limits.ts';
import type { ServiceActivities } from '../activities/contract/service.ts';
import { resizeServiceProcedure } from '../procedures/resize-service.ts';
import { quickLook, shortChange } from './steps/policies.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';
import { composeLines, describeResizePlan, spokenLimits } from './steps/resize-words.ts';
import { counted } from './steps/words.ts';

const { planResize } = proxyActivities<LimitActivities>(quickLook);
const { setLimits, verifyLimits, giveBackLimits } = proxyActivities<LimitActivities>(shortChange);
const { smokeTest } = proxyActivities<ServiceActivities>(quickLook);

/** A container that gets too little memory dies within seconds. */
const watchMs = 5_000;

export interface ResizeReport {
  plan: ResizePlan;
  held: HeldLimits[];
  /** For the compose file, under the service's `deploy.resources.limits`. */
  composeLines: string[];
}

/** Sets the limits of a service's running containers. Runbook: Scaling Operations, Vertical Scaling. */
export async function resizeService(raw: unknown): Promise<ProcedureResult<ResizeReport>> {
  return procedure(resizeServiceProcedure, raw, async (run, { service, cpus, memory }) => {
    await run.lock(`service/${service}`);
    const plan = await run.step('Look at limits, use and host', () =>
      planResize({
        service,
        ...(cpus === undefined ? {} : { cpus }),
        ...(memory === undefined ? {} : { memoryBytes: memory }),
      }),
    );
    const lines = composeLines(plan);
    run.plan(describeResizePlan(plan), plan);
    const changing = plan.containers.filter(({ change }) => Object.keys(change).length > 0);
    if (changing.length === 0) {
      const held = await run.step('Look at what holds inside', () => verifyLimits({ plan, forMs: 0 }));
      return {
        summary: `${service} has these limits already: ${spokenLimits(held[0])}.`,
        report: { plan, held, composeLines: lines },
      };
    }
    if (plan.asks.length > 0) await run.approval('resize-service');

    run.onFailure('Give the former limits back', () => giveBackLimits({ plan }));
    await run.change(
      'Set the limits',
      () => setLimits({ plan }),
      () => changing.map(({ name }) => name).join(', '),
    );
    const held = await run.step(
      'Look at what holds inside, and that nothing is killed',
      () => verifyLimits({ plan, forMs: watchMs }),
      (seen) => seen.map((one) => `${one.container} ${spokenLimits(one)} (${one.seenBy})`).join(', '),
    );
    if (plan.role === 'api') await run.step('Smoke test', () => smokeTest());

    run.wayBack.forgetAll();
    run.note(`For the compose file, under services.${service}.deploy.resources.limits: ${lines.join(', ')}`);
    return {
      summary:
        `${service}: ${spokenLimits(held[0])} for ${changing.length === 1 ? 'its container' : `each of ${counted(changing.length, 'container')}`}, without a restart. ` +
        `The compose file does not know: when compose makes the container anew, \`docker compose up\` undoes it. ` +
        `Write ${lines.join(' and ')} under services.${service}.deploy.resources.limits.`,
      report: { plan, held, composeLines: lines },
    };
  });
}
