import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { problem } from '../../problem.ts';
import { backupsMount } from '../database/tools-job.ts';
import { engineCall, unlessGone } from '../docker/engine.ts';
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
  const token = `.token-${randomUUID()}`;
  const image = stack.database.toolsImage ?? (await runningContainer(setting, 'database')).image;
  const failure = await touchInContainer(setting, image, `${backupsMount}/${token}`);
  const seen = await exists(join(directory, token));
  await rm(join(directory, token), { force: true });
  if (seen) return;
  throw problem('StackFile', {
    what: `The worker does not see in ${directory} what a job container writes there${failure}.`,
    state: 'No backup could be read back.',
    next: 'Mount the Docker host’s directory into the worker at the same path, and let its user write there.',
  });
}

/** Returns why it failed, or nothing. */
async function touchInContainer({ docker, stack }: Setting, image: string, path: string): Promise<string> {
  return engineCall('Trying the directory of the backups', async () => {
    const container = await docker.createContainer({
      Image: image,
      Entrypoint: ['touch'],
      Cmd: [path],
      User: `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`,
      Labels: { 'hermes-ops.stack': stack.stack, 'hermes-ops.step': 'shared-directory' },
      HostConfig: {
        NetworkMode: 'none',
        Mounts: [{ Type: 'bind', Source: stack.backups.directory, Target: backupsMount }],
        CapDrop: ['ALL'],
      },
    });
    try {
      await container.start();
      await container.wait();
      return '';
    } catch (error) {
      return ` (${error instanceof Error ? error.message : String(error)})`;
    } finally {
      await unlessGone(() => container.remove({ force: true, v: true }));
    }
  });
}
