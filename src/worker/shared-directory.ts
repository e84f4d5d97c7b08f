import { access } from 'node:fs/promises';
import { hostname } from 'node:os';
import { checkSharedDirectory } from '../activities/backups/shared-directory.ts';
import { engineCall } from '../activities/docker/engine.ts';
import type { Setting } from '../activities/setting.ts';
import { problemTypeOf } from '../problem.ts';

/**
 * Makes sure, when a worker starts whose files may not be the Docker host's, that both mean the same directory by
 * `backups.directory`. Throws StackFile when they do not. Where it cannot be tried now, it says so and goes on.
 */
export async function checkSharedDirectoryAtStart(
  setting: Setting,
  log: (line: string) => void,
): Promise<void> {
  try {
    if (await runsOnDockerHost(setting)) return;
    await checkSharedDirectory(setting);
  } catch (error) {
    if (problemTypeOf(error) === 'StackFile') throw error;
    const why = error instanceof Error ? error.message : String(error);
    log(
      `Warning: not checked whether job containers and this worker see the same files in ${setting.stack.backups.directory}. ${why}`,
    );
  }
}

/**
 * Whether this process shares the engine's files without a doubt: the same host name, and not in a container. The
 * try itself costs a container at each start.
 */
async function runsOnDockerHost({ docker }: Setting): Promise<boolean> {
  const info: unknown = await engineCall('Asking the Docker engine where it runs', () => docker.info());
  const named = typeof info === 'object' && info !== null && 'Name' in info && info.Name === hostname();
  return named && !(await isContainer());
}

async function isContainer(): Promise<boolean> {
  return (await Promise.all(['/.dockerenv', '/run/.containerenv'].map(exists))).includes(true);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
