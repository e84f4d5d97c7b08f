import { proxyActivities } from '@temporalio/workflow';
import type { CacheActivities } from '../activities/contract/cache.ts';
import type {
  Replacement,
  Restarted,
  SeenContainer,
  ServiceContainerActivities,
  ServiceLook,
} from '../activities/contract/containers.ts';
import { restartServiceProcedure } from '../procedures/restart-service.ts';
import { behindBridge } from './steps/behind-bridge.ts';
import { spokenDuration } from './steps/clock.ts';
import { restartInPlace } from './steps/in-place.ts';
import { longRead, quickLook, shortChange } from './steps/policies.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';
import { assertSteerable, lookAt, lookAtNginx, settleBefore, stackFileAsks } from './steps/proxied.ts';
import {
  describeRestartPlan,
  isOut,
  type RestartRequest,
  type Strategy,
  strategyOf,
} from './steps/restart-plan.ts';
import type { Run } from './steps/run.ts';
import { lockService } from './steps/service-locks.ts';
import { counted } from './steps/words.ts';

const { forgetFormer, replaceContainer, restartContainer } =
  proxyActivities<ServiceContainerActivities>(shortChange);
const { checkReplacement } = proxyActivities<ServiceContainerActivities>(quickLook);
const { lookAtCache } = proxyActivities<CacheActivities>(quickLook);
const { watchContainers } = proxyActivities<ServiceContainerActivities>(longRead);

export interface RestartReport {
  strategy: Strategy;
  containers: { name: string; id: string; startedAt: string }[];
  /** Connections that outlived the drain limit. */
  cut: number;
  /** Names of those that did not end within their grace period. */
  killed: string[];
}

/** Restarts a service, unnoticed where it can be. Runbook: `docker-compose restart api`. */
export async function restartService(raw: unknown): Promise<ProcedureResult<RestartReport>> {
  return procedure(restartServiceProcedure, raw, async (run, input) => {
    const { service } = input;
    await lockService(run, service);
    const look = await lookAt(run, service);
    const strategy = strategyOf(look, input);
    if (isProxied(look)) await lookProxied(run, look, strategy);
    if (strategy === 'recreate') await checkNew(run, look, input);
    run.plan(describeRestartPlan(look, strategy, input), { strategy, look: planned(look) });
    const isUnsaved = await unsavedCache(run, look);
    await askFirst(run, look, isUnsaved);

    if (look.role === 'proxy') await run.lock('proxy');
    const done = await (strategy === 'in-place'
      ? restartInPlace(run, look, isUnsaved)
      : restartBehindBridge(run, look, strategy, input));
    return {
      summary: summaryOf(service, strategy, done),
      report: {
        strategy,
        cut: done.cut,
        killed: done.killed,
        containers: done.containers.map(({ name, id, startedAt }) => ({ name, id, startedAt })),
      },
    };
  });
}

interface Done {
  containers: SeenContainer[];
  cut: number;
  killed: string[];
}

/** While nothing of the api answers, nginx finds no name for it: its check would fail, and keep the api down. */
function isProxied(look: ServiceLook): boolean {
  return look.role === 'proxy' || (look.role === 'api' && !isOut(look));
}

/** nginx must not be restarted, nor told anything, with a configuration that it would refuse. */
async function lookProxied(run: Run, look: ServiceLook, strategy: Strategy): Promise<void> {
  const proxy = await lookAtNginx(run, look.service);
  const inPlace = `Restart it in place: {"service": "${look.service}", "strategy": "in-place"}.`;
  if (strategy !== 'in-place') assertSteerable(proxy, inPlace);
}

/** What is missing for the new container is found out before a copy is started. */
async function checkNew(
  run: Run,
  { service, containers }: ServiceLook,
  request: RestartRequest,
): Promise<void> {
  const changes = changesOf(request);
  for (const { id, startedAt } of containers.slice(0, 1)) {
    await run.step('Check the new image and variables', () =>
      checkReplacement({ service, id, startedAt, changes }),
    );
  }
}

function changesOf({ image, environmentFile }: RestartRequest): Replacement {
  return {
    ...(image === undefined ? {} : { image }),
    ...(environmentFile === undefined ? {} : { environmentFile }),
  };
}

/** A Redis that does not answer cannot be asked to save: what it has not saved would be lost. */
async function unsavedCache(run: Run, { role }: ServiceLook): Promise<boolean> {
  if (role !== 'cache') return false;
  const { seen } = await run.step(
    'Does Redis answer?',
    () => lookAtCache(),
    (look) => (look.seen ? 'yes' : 'no'),
  );
  return !seen;
}

/** The database is never restarted unasked; nothing is restarted for ever. */
async function askFirst(run: Run, { role, restarts, service }: ServiceLook, unsaved: boolean): Promise<void> {
  if (restarts.length >= run.policy.restartsPerHour) {
    run.note(
      `${service} was restarted ${counted(restarts.length, 'time')} within an hour: one more is a person's decision.`,
    );
    await run.approval('repeated-restart');
  } else if (unsaved || role === 'database' || stackFileAsks(run, 'restart-service')) {
    await run.approval('restart-service');
  }
}

async function restartBehindBridge(
  run: Run,
  look: ServiceLook,
  strategy: Strategy,
  request: RestartRequest,
): Promise<Done> {
  const { service } = look;
  await settleBefore(run, service);
  if (strategy === 'rolling') {
    return behindBridge(run, look, {
      act: ({ id, startedAt, name }) =>
        run.change(`Restart ${name}`, () => restartContainer({ service, id, startedAt }), saidOf),
    });
  }
  const changes = changesOf(request);
  const forMs = run.policy.watchMs;
  return behindBridge(run, look, {
    act: ({ id, startedAt, name }) =>
      run.change(
        `Put a new ${name} in its place`,
        () => replaceContainer({ service, id, startedAt, changes }),
        saidOf,
      ),
    async before(containers) {
      const ids = containers.map(({ id }) => id);
      await run.step(`Watch what is new for ${spokenDuration(forMs)}`, () =>
        watchContainers({ service, ids, forMs }),
      );
      await run.change('Remove what was replaced', () => forgetFormer({ service }));
    },
  });
}

function saidOf({ killed, exitCode }: Restarted): string {
  if (killed) return 'it answers; the old process did not end within its grace period and was killed';
  return exitCode === null ? 'it answers' : `it answers; the old process ended with exit code ${exitCode}`;
}

/** What an approval is about: a health check that changes meanwhile is nothing new. */
function planned({ service, containers }: ServiceLook) {
  return { service, containers: containers.map(({ id, startedAt }) => ({ id, startedAt })) };
}

function summaryOf(service: string, strategy: Strategy, { containers, cut, killed }: Done): string {
  const names = containers.map(({ name }) => name).join(', ');
  const lost = cut === 0 ? '' : ` ${counted(cut, 'connection')} outlived the drain limit and were cut.`;
  const forced = killed.length === 0 ? '' : ` ${killed.join(', ')} had to be killed.`;
  const way = strategy === 'in-place' ? 'in place' : 'while a copy carried its traffic';
  return `${service} was ${strategy === 'recreate' ? 'made anew' : 'restarted'} ${way}: ${names} answers.${lost}${forced}`;
}
