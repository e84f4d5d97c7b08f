import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { problem } from '../../problem.ts';
import { backupsMount } from '../database/tools-job.ts';
import { engineCall, engineStatus, unlessGone } from '../docker/engine.ts';
import { runningContainer } from '../docker/service-containers.ts';
import type { Setting } from '../setting.ts';
import { exists } from './folder.ts';
import { makeDirectory } from './space.ts';

/**
 * Makes sure that a job container and the worker mean the same folder by `backups.directory`: a worker that runs in a
 * container itself may have something else there. A container writes a token, the worker looks for it.
 * Throws StackFile when they differ, Unreachable or UnknownContainer when it cannot be tried.
 */
export async function checkSharedDirectory(setting: Setting): Promise<void> {
  const { stack } = setting;
  const { directory } = stack.backups;
  await makeDirectory(directory);
  const image = stack.database.toolsImage ?? (await runningContainer(setting, 'database')).image;
  const token = `.token-${randomUUID()}`;
  const tokenInJob = `${backupsMount}/${token}`;
  const failure = await runInContainer(setting, image, ['touch', tokenInJob]);
  if (await exists(join(directory, token))) {
    await rm(join(directory, token), { force: true });
    return;
  }
  // It lies where the worker cannot see it.
  if (failure === undefined) await runInContainer(setting, image, ['rm', '-f', tokenInJob]);
  throw problem('StackFile', {
    what: `The worker does not see in ${directory} what a job container writes there${failure ?? ''}.`,
    state: 'No backup could be read back.',
    next: `Mount the Docker host’s ${directory} into the worker at the same path, and let the user ${ownUser()} write there.`,
  });
}

/** Runs a command with the directory of the backups mounted, as a job would. Returns why it failed, or nothing. */
async function runInContainer(setting: Setting, image: string, argv: string[]): Promise<string | undefined> {
  return engineCall('Trying the directory of the backups', async () => {
    try {
      const exitCode = await exitCodeOf(setting, image, argv);
      return exitCode === 0 ? undefined : ` (\`${argv[0]}\` as the user ${ownUser()} ended with ${exitCode})`;
    } catch (error) {
      // 400: the engine finds nothing at that path of its own.
      if (engineStatus(error) !== 400) throw error;
      return ` (${error instanceof Error ? error.message : String(error)})`;
    }
  });
}

async function exitCodeOf({ docker, stack }: Setting, image: string, argv: string[]): Promise<number> {
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: argv.slice(0, 1),
    Cmd: argv.slice(1),
    User: ownUser(),
    Labels: { 'hermes-ops.stack': stack.stack, 'hermes-ops.step': 'shared-directory' },
    HostConfig: {
      NetworkMode: 'none',
      Mounts: [{ Type: 'bind', Source: stack.backups.directory, Target: backupsMount }],
      CapDrop: ['ALL'],
    },
  });
  try {
    await container.start();
    const { StatusCode }: { StatusCode: number } = await container.wait();
    return StatusCode;
  } finally {
    await unlessGone(() => container.remove({ force: true, v: true }));
  }
}

/** Jobs run as the worker's own user. */
function ownUser(): string {
  return `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
}
