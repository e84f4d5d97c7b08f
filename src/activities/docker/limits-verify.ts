import { Context } from '@temporalio/activity';
import { problem } from '../../problem.ts';
import type { HeldLimits, Limits, ResizePlan, ResizeTarget } from '../contract/limits.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { engineCall, engineStatus } from './engine.ts';
import { execIn } from './exec.ts';
import { cgroupFiles, engineLimitsOf, holds, limitsOf, parseCgroup, tolerances } from './limits-change.ts';
import { failed, inspectContainer } from './serving.ts';

const lookIntervalMs = 1_000;

/**
 * Looks at what holds for each container of the plan, then watches for `forMs` that none is killed or restarted.
 * Throws VerificationFailed, and ContainerFailed with the container's last lines.
 */
export async function verifyHeld(setting: Setting, plan: ResizePlan, forMs: number): Promise<HeldLimits[]> {
  const sinceSeconds = Math.floor(Date.now() / 1000);
  const held: HeldLimits[] = [];
  for (const target of plan.containers) {
    try {
      held.push(await heldBy(setting, target));
    } catch (error) {
      // One that was killed meanwhile shows no limits any more: that it was killed is the news.
      await refuseKilled(setting, target, sinceSeconds);
      throw error;
    }
  }
  const untilMs = Date.now() + forMs;
  for (;;) {
    for (const target of plan.containers) await refuseKilled(setting, target, sinceSeconds);
    const leftMs = untilMs - Date.now();
    if (leftMs <= 0) return held;
    reportProgress(`Watching that nothing is killed, for ${Math.ceil(leftMs / 1000)} s more`);
    await Context.current().sleep(Math.min(leftMs, lookIntervalMs));
  }
}

/** The engine's own record first, then what the kernel says: inside the container, or by its statistics. */
async function heldBy(setting: Setting, { id, name, wanted, use }: ResizeTarget): Promise<HeldLimits> {
  const info = await inspectContainer(setting, id);
  if (info === undefined) throw gone(name);
  compare(name, 'the engine', limitsOf(engineLimitsOf(info)), wanted);
  if (use === null || !info.State.Running)
    return { container: name, ...wanted, seenBy: 'nothing: it does not run' };
  const inside = await cgroupOf(setting, id);
  if (inside !== undefined) {
    compare(name, 'the cgroup inside', inside, wanted);
    return { container: name, ...inside, seenBy: 'cgroup' };
  }
  const memoryBytes = await memoryByStatistics(setting, id);
  // Without a limit of its own, the statistics give what the host has.
  if (wanted.memoryBytes !== null)
    compare(name, 'its statistics', { cpus: wanted.cpus, memoryBytes }, wanted);
  return { container: name, cpus: wanted.cpus, memoryBytes: wanted.memoryBytes, seenBy: 'statistics' };
}

/** Undefined where there is no `grep` inside, or no cgroup to see. */
async function cgroupOf(setting: Setting, id: string): Promise<Limits | undefined> {
  try {
    const { stdout } = await execIn(setting, id, ['grep', '-sH', '', ...cgroupFiles]);
    return parseCgroup(stdout);
  } catch (error) {
    if (engineStatus(error) === undefined) throw error;
    return undefined;
  }
}

async function memoryByStatistics({ docker }: Setting, id: string): Promise<number> {
  const stats = await engineCall('Reading the statistics of a container', () =>
    docker.getContainer(id).stats({ stream: false, 'one-shot': true }),
  );
  return stats.memory_stats.limit;
}

function compare(name: string, where: string, seen: Limits, wanted: Limits): void {
  const differs = [
    ...(holds(seen.cpus, wanted.cpus, tolerances.cpus)
      ? []
      : [`${seen.cpus ?? 'no limit of'} CPUs, not ${wanted.cpus ?? 'unlimited'}`]),
    ...(holds(seen.memoryBytes, wanted.memoryBytes, tolerances.memoryBytes)
      ? []
      : [`${seen.memoryBytes ?? 'no limit of'} bytes, not ${wanted.memoryBytes ?? 'unlimited'}`]),
  ];
  if (differs.length === 0) return;
  throw problem('VerificationFailed', { what: `${name}: ${where} says ${differs.join(' and ')}.` });
}

/** Killed for want of memory, or started again: whether the whole container or one process in it. */
async function refuseKilled(
  setting: Setting,
  { id, name, startedAt, use }: ResizeTarget,
  sinceSeconds: number,
): Promise<void> {
  if (use === null) return;
  const info = await inspectContainer(setting, id);
  if (info === undefined) throw gone(name);
  if (!info.State.Running || info.State.StartedAt !== startedAt)
    throw await failed(setting, info, `${name} was killed or restarted after its limits were set`);
  if (await ranOutOfMemory(setting, id, sinceSeconds))
    throw await failed(
      setting,
      info,
      `A process in ${name} was killed for want of memory after its limits were set`,
    );
}

async function ranOutOfMemory({ docker }: Setting, id: string, since: number): Promise<boolean> {
  // A moment that has passed: the engine then answers at once, and does not wait for more.
  const until = Math.floor(Date.now() / 1000);
  const events = await engineCall('Asking for the events of a container', () =>
    docker.getEvents({ since, until, filters: { container: [id], event: ['oom'] } }),
  );
  let text = '';
  for await (const chunk of events) text += String(chunk);
  return text.trim() !== '';
}

function gone(name: string): Error {
  return problem('ContainerFailed', {
    what: `${name} is gone: somebody removed it after its limits were set.`,
  });
}
