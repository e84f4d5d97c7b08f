import { Context } from '@temporalio/activity';
import type Docker from 'dockerode';
import type { Use } from '../contract/limits.ts';
import { engineCall, unlessGone } from './engine.ts';

/** Slower is no leak within the minute that matters. */
const smallestGrowthBytesPerSecond = 1024 * 1024;

interface Look {
  atMs: number;
  cpuNs: number;
  memoryBytes: number;
}

/** What a container uses, seen over `looks` looks; null when it does not run (any more). */
export async function lookAtUse(
  docker: Docker,
  id: string,
  { looks = 4, intervalMs = 500 } = {},
): Promise<Use | null> {
  const seen: Look[] = [];
  for (let left = looks; left > 0; left -= 1) {
    const look = await lookOnce(docker, id);
    if (look === undefined) return null;
    seen.push(look);
    if (left > 1) await Context.current().sleep(intervalMs);
  }
  return useOf(seen);
}

/** Null when there are fewer than two looks apart in time. */
export function useOf(seen: readonly Look[]): Use | null {
  const [first] = seen;
  const last = seen.at(-1);
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return null;
  const seconds = (last.atMs - first.atMs) / 1000;
  const growth = (last.memoryBytes - first.memoryBytes) / seconds;
  const grewAlways = seen.every(
    (look, index) => index === 0 || look.memoryBytes > (seen[index - 1]?.memoryBytes ?? 0),
  );
  return {
    cpus: Math.max(0, last.cpuNs - first.cpuNs) / 1e9 / seconds,
    memoryBytes: last.memoryBytes,
    growthBytesPerSecond: grewAlways && growth >= smallestGrowthBytesPerSecond ? Math.round(growth) : 0,
  };
}

async function lookOnce(docker: Docker, id: string): Promise<Look | undefined> {
  const stats = await engineCall('Reading the statistics of a container', () =>
    unlessGone(() => docker.getContainer(id).stats({ stream: false, 'one-shot': true })),
  );
  if (stats === undefined) return undefined;
  const atMs = Date.parse(stats.read);
  const memoryBytes = usedBytes(stats.memory_stats);
  // A stopped container has statistics too: of the year 1, and empty.
  if (!(atMs > 0) || memoryBytes === undefined) return undefined;
  return { atMs, cpuNs: stats.cpu_stats.cpu_usage.total_usage, memoryBytes };
}

/** Files that are only cached are given up when memory gets short; memory shared by processes is not. */
export function usedBytes(memory: Partial<Docker.ContainerStats['memory_stats']>): number | undefined {
  const { usage, stats } = memory;
  if (usage === undefined) return undefined;
  const field = (name: string): number => Object.entries(stats ?? {}).find(([key]) => key === name)?.[1] ?? 0;
  // Version 1 has the sums over what is below it under these names.
  const cached = (name: string): number => field(`total_${name}`) || field(name);
  return Math.max(0, usage - cached('inactive_file') - cached('active_file'));
}
