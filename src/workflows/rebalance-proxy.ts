import { proxyActivities } from '@temporalio/workflow';
import type { ProxyActivities, Reached } from '../activities/contract/proxy.ts';
import { problem } from '../problem.ts';
import { rebalanceProxyProcedure } from '../procedures/rebalance-proxy.ts';
import { shortChange } from './steps/policies.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';
import { lookAt, lookAtNginx, seeEachAsked, settleBefore } from './steps/proxied.ts';
import { lockService } from './steps/service-locks.ts';
import { vanished } from './steps/scale-plan.ts';
import { counted } from './steps/words.ts';

const { freeProxy } = proxyActivities<ProxyActivities>(shortChange);

export interface RebalanceReport {
  reached: Reached;
  /** Containers that do not answer by themselves. */
  silent: string[];
}

/** Lets nginx find every container of the service again. Runbook: Scaling Operations, "Check Nginx load balancing". */
export async function rebalanceProxy(raw: unknown): Promise<ProcedureResult<RebalanceReport>> {
  return procedure(rebalanceProxyProcedure, raw, async (run, { service }) => {
    await lockService(run, service);
    const look = await lookAt(run, service);
    const proxy = await lookAtNginx(run, service);
    const answering = look.containers.filter(({ answers }) => answers);
    const silent = look.containers.filter(({ answers }) => !answers).map(({ name }) => name);
    run.plan(
      [
        `nginx (${proxy.container}) is to ask ${answering.map(({ name }) => name).join(', ') || 'nobody'} as ${proxy.names.join(', ')}`,
        ...(proxy.told.length > 0 ? [`what it was told by a run goes: ${proxy.told.join(', ')}`] : []),
        ...silent.map((name) => `Attention: ${name} does not answer`),
        ...vanished(look, answering.length),
      ],
      { proxy, containers: look.containers.map(({ id, startedAt }) => ({ id, startedAt })) },
    );
    if (answering.length === 0) {
      throw problem('ContainerFailed', {
        what: `No container of ${service} answers: there is nobody for nginx to ask.`,
        state: 'nginx was left as it is.',
        next: `Restart the service: {"service": "${service}"} for restartService.`,
      });
    }

    await settleBefore(run, service);
    await run.change('Let nginx find them by name', () => freeProxy({ reload: true }));
    const ids = answering.map(({ id }) => id);
    const reached = await seeEachAsked(run, service, ids);
    return {
      summary: `nginx asks ${counted(reached.names.length, 'container')} of ${service}: ${reached.names.join(', ')}.`,
      report: { reached, silent },
    };
  });
}
