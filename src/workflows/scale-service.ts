import { patched, proxyActivities } from '@temporalio/workflow';
import type { SeenContainer, ServiceContainerActivities } from '../activities/contract/containers.ts';
import type { ProxyActivities, ProxyLook, Reached } from '../activities/contract/proxy.ts';
import { scaleServiceProcedure } from '../procedures/scale-service.ts';
import { spokenDuration } from './steps/clock.ts';
import { longRead, shortChange } from './steps/policies.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';
import {
  assertSteerable,
  drain,
  lookAt,
  lookAtNginx,
  onFailureSettle,
  seeEachAsked,
  settleBefore,
  stackFileAsks,
} from './steps/proxied.ts';
import type { Run } from './steps/run.ts';
import { lockService } from './steps/service-locks.ts';
import { describeScalePlan, planScaling, type ScalePlan } from './steps/scale-plan.ts';
import { together } from './steps/together.ts';
import { counted } from './steps/words.ts';

const { announceReplica, keepReplicas, rememberAsked, removeReplica, startReplica } =
  proxyActivities<ServiceContainerActivities>(shortChange);
const { watchContainers } = proxyActivities<ServiceContainerActivities>(longRead);
const { freeProxy, pinProxy, steerProxy } = proxyActivities<ProxyActivities>(shortChange);

export interface ScaleReport {
  before: number;
  after: number;
  created: string[];
  removed: string[];
  /** Connections that outlived the drain limit. */
  cut: number;
  reached: Reached;
}

/** Makes it so many containers as asked for. Runbook: Scaling Operations, `up -d --scale api=3`. */
export async function scaleService(raw: unknown): Promise<ProcedureResult<ScaleReport>> {
  return procedure(scaleServiceProcedure, raw, async (run, { service, replicas }) => {
    await lockService(run, service);
    const look = await lookAt(run, service);
    const plan = planScaling(look, replicas);
    const proxy = await lookAtNginx(run, service);
    if (plan.remove.length > 0)
      assertSteerable(proxy, 'Stop them by hand at a quiet time, and run rebalanceProxy.');
    run.plan([...describeScalePlan(look, plan), ...describeUntold(plan, proxy)], plan);
    if (stackFileAsks(run, 'scale-service')) await run.approval('scale-service');

    await settleBefore(run, service);
    const before = look.containers.filter(({ running }) => running).length;
    const cut = plan.remove.length > 0 ? await takeAway(run, plan) : 0;
    const created = plan.create.length > 0 ? await add(run, plan, proxy) : [];
    const ids = [...plan.staying.filter(({ answers }) => answers), ...created].map(({ id }) => id);
    const reached = await seeEachAsked(run, service, ids);
    const names = created.length > 0 ? await watchAndKeep(run, plan, created, ids) : [];
    if (created.length === 0)
      await run.change('Write down how many were asked for', () => rememberAsked(askedOf(run, plan)));
    run.wayBack.forgetAll();

    const removed = plan.remove.map(({ name }) => name);
    return {
      summary: summaryOf(plan, before, cut),
      report: {
        before,
        after: replicas,
        created: names,
        removed,
        cut,
        reached,
      },
    };
  });
}

/**
 * New ones get no request before they answer by themselves: until then nginx is told who serves now. One that cannot be told
 * finds them by their names, which they get when they answer.
 */
async function add(run: Run, plan: ScalePlan, { unsteerable }: ProxyLook): Promise<SeenContainer[]> {
  const { service, original, staying, create } = plan;
  onFailureSettle(run, service);
  const serving = staying.filter(({ answers }) => answers).map(({ id }) => id);
  if (unsteerable.length === 0)
    await run.change('Write down for nginx who serves now', () => pinProxy({ service, ids: serving }));
  const { id, startedAt } = original;
  const unannounced = unsteerable.length > 0 && patched('announce-when-it-answers');
  const created = await together(
    create.map((number) =>
      run.change(
        `Start number ${number} of ${service}`,
        () => startReplica({ service, id, startedAt, number, ...(unannounced ? { unannounced } : {}) }),
        ({ address }) => `it answers at ${address ?? 'no address'}`,
      ),
    ),
  );
  for (const { id: replica, name } of unannounced ? created : [])
    await run.change(`Give ${name} the names of ${service}`, () =>
      announceReplica({ service, id: replica, like: id }),
    );
  await run.change('Let nginx ask all of them', () => freeProxy({ reload: true }));
  return created;
}

async function watchAndKeep(
  run: Run,
  plan: ScalePlan,
  created: SeenContainer[],
  ids: string[],
): Promise<string[]> {
  const forMs = run.policy.watchMs;
  await run.step(`Watch them for ${spokenDuration(forMs)}`, () =>
    watchContainers({ service: plan.service, ids, forMs }),
  );
  const { names } = await run.change(
    'Give the new ones their names',
    () =>
      keepReplicas({ ...askedOf(run, plan), replicas: created.map(({ id, number }) => ({ id, number })) }),
    (kept) => kept.names.join(', '),
  );
  return names;
}

/** Out of nginx first, then what is under way ends, then they go. */
async function takeAway(run: Run, { service, staying, remove }: ScalePlan): Promise<number> {
  run.onFailure('Let nginx ask all that are there', () => freeProxy({ reload: true }));
  const ids = staying.filter(({ answers }) => answers).map(({ id }) => id);
  await run.change('Take them out of nginx', () => steerProxy({ service, ids }));
  const left = await together(remove.map((container) => drain(run, service, container)));
  for (const { id, name } of remove) {
    await run.change(
      `Remove ${name}`,
      () => removeReplica({ service, id }),
      ({ killed }) =>
        killed ? 'it did not end within its grace period and was killed' : 'stopped and removed',
    );
  }
  // Docker's names lead to those that stayed: nginx needs no other reload.
  await run.change('Let nginx find them by name again', () => freeProxy({ reload: false }));
  return left.reduce((sum, one) => sum + one, 0);
}

/** What is otherwise where nginx finds the service by Docker's names alone. */
function describeUntold({ create, service }: ScalePlan, { unsteerable }: ProxyLook): string[] {
  if (create.length === 0 || unsteerable.length === 0) return [];
  return [
    `nginx cannot be told whom to ask (${unsteerable.join('; ')}): a new one gets the names of ${service} when it answers`,
  ];
}

function askedOf(run: Run, { service, asked }: ScalePlan): { service: string; asked: number; by: string } {
  return { service, asked, by: run.by };
}

function summaryOf({ service, asked, create, remove }: ScalePlan, before: number, cut: number): string {
  if (create.length === 0 && remove.length === 0)
    return `${service} has ${counted(asked, 'container')} already; nginx asks each of them.`;
  const lost = cut === 0 ? '' : ` ${counted(cut, 'connection')} outlived the drain limit and were cut.`;
  return `${service}: ${before} → ${counted(asked, 'container')}; nginx asks each of them.${lost}`;
}
