import type { Setting } from '../setting.ts';
import { execIn } from './exec.ts';

/** Where both versions of cgroups count, as a container sees its own. */
const files = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control'];
const withinMs = 5_000;

/** How many processes of a running container were killed for want of memory since its start; null where it cannot be seen. */
export async function oomKillsIn(setting: Setting, id: string): Promise<number | null> {
  try {
    const { stdout } = await execIn(setting, id, ['cat', ...files], withinMs);
    return parseOomKills(stdout);
  } catch {
    // It stopped at this moment, or has no `cat`: evidence, not a condition.
    return null;
  }
}

/** The kernel's `oom_kill` line, of either version. */
export function parseOomKills(text: string): number | null {
  const [, count] = /^oom_kill (\d+)$/m.exec(text) ?? [];
  return count === undefined ? null : Number(count);
}
