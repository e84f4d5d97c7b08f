import { problem } from '../../problem.ts';
import type { Setting } from '../setting.ts';
import { execIn } from './exec.ts';

/** Free bytes of the volume that holds `path` inside a container, by POSIX `df`, which busybox has too. */
export async function freeBytesIn(setting: Setting, containerId: string, path: string): Promise<number> {
  const { exitCode, stdout, stderr } = await execIn(setting, containerId, ['df', '-Pk', path]);
  const available = Number(stdout.trim().split('\n').at(-1)?.trim().split(/\s+/).at(-3));
  if (exitCode === 0 && Number.isSafeInteger(available)) return available * 1024;
  throw problem('Unreachable', {
    what: `df of ${path} in the container answered: ${(stderr || stdout).trim()}`,
  });
}
