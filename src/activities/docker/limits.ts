import { problem } from '../../problem.ts';
import type {
  EngineLimits,
  LimitActivities,
  ResizePlan,
  ResizeRequest,
  ResizeTarget,
} from '../contract/limits.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { lookAtUse } from './container-use.ts';
import type { Inspected } from './copy/copy-of.ts';
import { engineCall, engineStatus, refusalText } from './engine.ts';
import { changeOf, engineLimitsOf, limitsOf, wayBackOf } from './limits-change.ts';
import { asksOf, refuseHost, refuseMemory, warningsOf } from './limits-judgement.ts';
import { verifyHeld } from './limits-verify.ts';
import { roleOf } from './roles.ts';
import { inspectContainer } from './serving.ts';
import { nameOf, partsOf } from './standing.ts';

/** The activities on the limits of a service's containers. */
export function createLimitActivities(setting: Setting): LimitActivities {
  return {
    planResize: (request) => planResize(setting, request),

    async setLimits({ plan }) {
      await refuseStale(setting, plan);
      for (const { id, name, before, change } of plan.containers) {
        const now = engineLimitsOf(await present(setting, id, name));
        if (includes(now, change)) continue;
        if (!includes(now, before)) throw stale(`${name} has other limits than the plan saw.`);
        await refuseKilling(setting, id, name, now, change);
        reportProgress(`Setting the limits of ${name}`);
        await update(setting, plan, id, name, change);
      }
    },

    verifyLimits: ({ plan, forMs }) => verifyHeld(setting, plan, forMs),

    async giveBackLimits({ plan }) {
      const restored: string[] = [];
      for (const { id, name, before, change } of plan.containers) {
        const info = await inspectContainer(setting, id);
        const now = info === undefined ? undefined : engineLimitsOf(info);
        // Only what this run has set: other limits are somebody else's.
        if (now === undefined || Object.keys(change).length === 0 || !includes(now, change)) continue;
        await update(setting, plan, id, name, wayBackOf(before, now, plan.host));
        restored.push(name);
      }
      return { restored };
    },
  };
}

async function planResize(setting: Setting, request: ResizeRequest): Promise<ResizePlan> {
  const role = roleOf(setting, request.service);
  const host = await hostOf(setting);
  refuseHost(request, host);
  const { standing } = await partsOf(setting, role);
  if (standing.length === 0) {
    throw problem('UnknownContainer', {
      what: `The service ${request.service} has no container.`,
      state: 'Nothing was changed.',
      next: 'Start it, then ask again.',
    });
  }
  reportProgress(`Looking at what ${request.service} uses`);
  const containers = await Promise.all(standing.map((info) => targetOf(setting, info, request)));
  for (const target of containers) refuseMemory(target);
  const { limits, stateful } = setting.stack.compose.services[role];
  const seen = { service: request.service, role, containers, host };
  return { ...seen, asks: asksOf(containers, limits, stateful), warnings: warningsOf(containers, host) };
}

async function targetOf(setting: Setting, info: Inspected, request: ResizeRequest): Promise<ResizeTarget> {
  const before = engineLimitsOf(info);
  const change = changeOf(before, request);
  const now = limitsOf(before);
  return {
    id: info.Id,
    name: nameOf(info),
    startedAt: info.State.StartedAt,
    before,
    change,
    now,
    wanted: { cpus: request.cpus ?? now.cpus, memoryBytes: request.memoryBytes ?? now.memoryBytes },
    use: info.State.Running ? await lookAtUse(setting.docker, info.Id) : null,
  };
}

async function hostOf({ docker }: Setting): Promise<{ cpus: number; memoryBytes: number }> {
  const info: unknown = await engineCall('Looking at the Docker host', () => docker.info());
  if (
    typeof info === 'object' &&
    info !== null &&
    'NCPU' in info &&
    'MemTotal' in info &&
    typeof info.NCPU === 'number' &&
    typeof info.MemTotal === 'number'
  )
    return { cpus: info.NCPU, memoryBytes: info.MemTotal };
  throw problem('EngineRefused', { what: 'The Docker engine does not say what its host has.' });
}

/** Somebody added, removed or made a container anew: the plan was about others. */
async function refuseStale(setting: Setting, plan: ResizePlan): Promise<void> {
  const { standing } = await partsOf(setting, plan.role);
  const ids = (list: { id: string }[]): string =>
    list
      .map(({ id }) => id)
      .sort()
      .join();
  if (ids(standing.map(({ Id }) => ({ id: Id }))) === ids(plan.containers)) return;
  throw stale(`The containers of ${plan.service} are no longer those that the plan saw.`);
}

/** The look of the plan may be an hour old, when somebody took that long to approve it. */
async function refuseKilling(
  setting: Setting,
  id: string,
  name: string,
  now: EngineLimits,
  { Memory }: Partial<EngineLimits>,
): Promise<void> {
  const use = Memory === undefined ? null : await lookAtUse(setting.docker, id);
  refuseMemory({ name, now: limitsOf(now), wanted: { cpus: null, memoryBytes: Memory ?? null }, use });
}

async function update(
  { docker }: Setting,
  { service }: ResizePlan,
  id: string,
  name: string,
  change: Partial<EngineLimits>,
): Promise<void> {
  try {
    await engineCall(`Setting the limits of ${name}`, () => docker.getContainer(id).update(change));
  } catch (error) {
    if (engineStatus(error) === undefined) throw error;
    throw problem(
      'EngineRefused',
      {
        what: `The Docker engine did not set the limits of ${name}: ${refusalText(error)}.`,
        state: 'It has the limits that it had.',
        next: `Where limits cannot be set on a running container, a new one gets them: edit the compose file, then \`hermes-ops run restart-service --service ${service} --strategy recreate\`.`,
      },
      error,
    );
  }
}

async function present(setting: Setting, id: string, name: string): Promise<Inspected> {
  const info = await inspectContainer(setting, id);
  if (info === undefined) throw stale(`${name} is gone.`);
  return info;
}

function includes(now: EngineLimits, fields: Partial<EngineLimits>): boolean {
  return Object.entries(now).every(([name, value]) => {
    const wanted = Object.entries(fields).find(([field]) => field === name)?.[1];
    return wanted === undefined || wanted === value;
  });
}

function stale(what: string): Error {
  return problem('StalePlan', {
    what,
    state: 'Nothing was changed.',
    next: 'Start it again: it plans anew.',
  });
}
