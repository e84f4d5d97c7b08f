import * as v from 'valibot';
import type { HostRoom } from '../contract/containers.ts';
import type { Setting } from '../setting.ts';
import { engineCall } from './engine.ts';
import { execIn } from './exec.ts';

const statsSchema = v.object({
  memory_stats: v.object({
    usage: v.number(),
    stats: v.object({ total_inactive_file: v.optional(v.number()), inactive_file: v.optional(v.number()) }),
  }),
});

/** What the Docker host has, and what is left of it. `inContainer` is one that runs there. */
export async function hostRoom(setting: Setting, inContainer: string | undefined): Promise<HostRoom> {
  const info: unknown = await engineCall('Looking at the Docker host', () => setting.docker.info());
  const { NCPU, MemTotal } = v.parse(v.object({ NCPU: v.number(), MemTotal: v.number() }), info);
  return {
    cores: NCPU,
    memoryBytes: MemTotal,
    availableBytes: inContainer === undefined ? null : await availableBytes(setting, inContainer),
    usedByOneBytes: inContainer === undefined ? null : await usedBytes(setting, inContainer),
  };
}

/** A container sees the memory of its host. */
async function availableBytes(setting: Setting, id: string): Promise<number | null> {
  try {
    const { stdout } = await execIn(setting, id, ['cat', '/proc/meminfo']);
    const [, kibibytes] = /^MemAvailable:\s+(\d+) kB/m.exec(stdout) ?? [];
    return kibibytes === undefined ? null : Number(kibibytes) * 1024;
  } catch {
    return null;
  }
}

/** What its processes hold: the cache of files, which is given up when needed, is none of it. */
async function usedBytes({ docker }: Setting, id: string): Promise<number | null> {
  try {
    const stats: unknown = await docker.getContainer(id).stats({ stream: false, 'one-shot': true });
    const { usage, stats: parts } = v.parse(statsSchema, stats).memory_stats;
    return Math.max(0, usage - (parts.total_inactive_file ?? parts.inactive_file ?? 0));
  } catch {
    return null;
  }
}
