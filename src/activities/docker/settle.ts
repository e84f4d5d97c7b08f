import { problemTypeOf } from '../../problem.ts';
import type { Role } from '../../stack/compose.ts';
import type { Settled } from '../contract/containers.ts';
import { ownerOfLabels, shortRunId } from '../owner.ts';
import { isSteerable, runningProxy, steerTo, toldLines, untellProxy } from '../proxy/steer.ts';
import { reloadNginx } from '../proxy/reload.ts';
import type { Setting } from '../setting.ts';
import { removeOurs, removeQuietly } from './copies.ts';
import type { Inspected } from './copy/copy-of.ts';
import { formerOf, unfinishedOf } from './copy/names.ts';
import { drained } from './drain.ts';
import { bringBack } from './replace.ts';
import { startContainer } from './restart.ts';
import { inspectContainer, isServing, untilServing } from './serving.ts';
import { isOurs, nameOf, partsOf, type ServiceParts } from './standing.ts';

/** Whose leftovers are settled: those of ended runs, and of the run that asks, where one does. */
export interface SettleFor {
  runId: string | undefined;
}

/**
 * Brings a service back to what stands by itself. First the originals serve again, then nginx is told of them alone,
 * then copies are drained and removed, then nginx is told nothing more: at each moment somebody serves. Where no
 * original can serve, its copy goes on.
 */
export async function settle(setting: Setting, role: Role, { runId }: SettleFor): Promise<Settled> {
  const settled: Settled = { done: [], kept: [] };
  const parts = await partsOf(setting, role);
  const over = await overRuns(setting, parts, runId);
  const doomed = [...parts.unfinished, ...parts.standing].filter((info) => isDoomed(setting, info, over));
  for (const former of parts.former) {
    if (!isOver(over, formerOf(nameOf(former))?.run)) continue;
    await settleFormer(setting, role, former, runId, settled);
  }
  // Only what a copy stands in for was stopped by a run.
  if (doomed.some((info) => unfinishedOf(nameOf(info))?.step === 'bridge'))
    await startStopped(setting, role, settled);
  await removeDoomed(setting, role, doomed, settled);
  return settled;
}

interface OverRuns {
  own: string | undefined;
  over: Set<string>;
  /** Short ids of runs that go on: a name says no more of a run. */
  alive: Set<string>;
}

async function overRuns(setting: Setting, parts: ServiceParts, own: string | undefined): Promise<OverRuns> {
  const runs: OverRuns = { own, over: new Set(), alive: new Set() };
  for (const { Config } of [...parts.unfinished, ...parts.standing]) {
    const owner = ownerOfLabels(Config.Labels);
    if (owner === undefined || owner.runId === own) continue;
    if (await setting.isAlive(owner)) runs.alive.add(shortRunId(owner.runId));
    else runs.over.add(owner.runId);
  }
  return runs;
}

/** A name carries the short id only: a run that nobody vouches for is over. */
function isOver({ alive }: OverRuns, shortRun: string | undefined): boolean {
  return shortRun !== undefined && !alive.has(shortRun);
}

/** Copies of this run, finished or not; of ended runs those that were never finished. */
function isDoomed(setting: Setting, info: Inspected, runs: OverRuns): boolean {
  const unfinished = unfinishedOf(nameOf(info));
  if (unfinished?.step === 'next') return isOver(runs, unfinished.run);
  if (!isOurs(setting, info)) return false;
  const runId = ownerOfLabels(info.Config.Labels)?.runId ?? '';
  return runId === runs.own || (unfinished !== undefined && runs.over.has(runId));
}

/** What replaced it stays where it serves and its run is over by itself; a run that undoes wants the old one. */
async function settleFormer(
  setting: Setting,
  role: Role,
  former: Inspected,
  runId: string | undefined,
  settled: Settled,
): Promise<void> {
  const place = formerOf(nameOf(former));
  const successor = await inspectContainer(setting, place?.name ?? '');
  const isOwn = runId !== undefined && place?.run === shortRunId(runId);
  if (!isOwn && successor !== undefined && (await isServing(setting, role, successor))) {
    await removeQuietly(setting, former.Id);
    settled.done.push(`${nameOf(former)} removed: ${nameOf(successor)} serves`);
    return;
  }
  settled.done.push(`${await bringBack(setting, role, former)} brought back as it was`);
}

async function startStopped(setting: Setting, role: Role, settled: Settled): Promise<void> {
  const { standing } = await partsOf(setting, role);
  for (const info of standing) {
    try {
      if (!info.State.Running) {
        await startContainer(setting, info);
        settled.done.push(`${nameOf(info)} started`);
      }
      await untilServing(setting, role, info.Id);
    } catch (error) {
      if (problemTypeOf(error) !== 'ContainerFailed') throw error;
      settled.kept.push(error instanceof Error ? error.message : String(error));
    }
  }
}

async function removeDoomed(
  setting: Setting,
  role: Role,
  doomed: readonly Inspected[],
  settled: Settled,
): Promise<void> {
  const proxy = role === 'api' ? await runningProxy(setting) : undefined;
  const running = doomed.filter(({ State }) => State.Running);
  const { standing } = await partsOf(setting, role);
  const ids = new Set(doomed.map(({ Id }) => Id));
  const staying = standing.filter(({ Id }) => !ids.has(Id));
  const serving: Inspected[] = [];
  for (const info of staying) if (await isServing(setting, role, info)) serving.push(info);
  if (running.length > 0 && serving.length === 0) {
    settled.kept.push(`${running.map(nameOf).join(', ')} goes on serving: nothing else does`);
    return;
  }
  const isAsked = proxy !== undefined && running.length > 0;
  const steered = isAsked && (await isSteerable(setting, proxy, role));
  if (steered) {
    await steerTo(
      setting,
      proxy,
      role,
      serving.map(({ Id }) => Id),
    );
    for (const { Id } of running) await drained(setting, role, Id);
  }
  for (const info of doomed) {
    await (isOurs(setting, info) ? removeOurs(setting, role, info.Id) : removeQuietly(setting, info.Id));
    settled.done.push(`${nameOf(info)} removed`);
  }
  await forgetLines(setting, proxy, steered, settled);
  // One that cannot be told, and looks at its names only when it loads.
  if (isAsked && !steered) await reloadNginx(setting, proxy.id);
}

/** After steering, nginx serves what Docker's names lead to as well: the lines go without another reload. */
async function forgetLines(
  setting: Setting,
  proxy: Awaited<ReturnType<typeof runningProxy>>,
  wasSteered: boolean,
  settled: Settled,
): Promise<void> {
  if (proxy === undefined || (await toldLines(setting, proxy)).length === 0) return;
  await untellProxy(setting, proxy);
  if (wasSteered) return;
  await reloadNginx(setting, proxy.id);
  settled.done.push('nginx finds the service by its name again');
}
