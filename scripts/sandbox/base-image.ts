import { mkdtemp, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, CommandFailed, run } from './command.ts';
import { installPackages } from '../setup/apt.ts';
import type { Log } from '../show.ts';

/** What every image of the sandbox starts from. */
export const baseImage = 'debian:bookworm-slim';
const pullTimeoutMs = 90_000;

/**
 * Makes sure of the base image: there already, pulled, or where no registry answers made by debootstrap.
 * Throws when none of it works, and says what to do.
 */
export async function ensureBaseImage(log: Log): Promise<void> {
  if (await answers('docker', ['image', 'inspect', baseImage])) return;
  log(`Pulling ${baseImage}`);
  try {
    await run('docker', ['pull', baseImage], { timeoutMs: pullTimeoutMs });
    return;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    log(`No registry gives ${baseImage}: making it with debootstrap (a minute or two)`);
  }
  await ensureDebootstrap(log);
  const folder = await mkdtemp(join(tmpdir(), 'hermes-base-'));
  try {
    await run('debootstrap', ['--variant=minbase', 'bookworm', folder], {
      onLine: (line) => {
        if (
          /^I: (Retrieving InRelease|Installing core|Unpacking (required|the base)|Configuring (required|the base)|Base system)/.test(
            line,
          )
        )
          log(`debootstrap: ${line.slice(3)}`);
      },
    });
    await run('chroot', [folder, 'apt-get', 'clean']);
    log(`Importing ${baseImage}`);
    await importFolder(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function ensureDebootstrap(log: Log): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new Error(
      `The image ${baseImage} can neither be pulled nor made: debootstrap needs root. ` +
        `Nothing was changed. Load the image (docker load), or run this once as root.`,
    );
  if (await answers('debootstrap', ['--version'])) return;
  await installPackages(['debootstrap'], log);
}

/** The folder's files as an image; `tar | docker import`, without a shell. */
async function importFolder(folder: string): Promise<void> {
  const tar = spawn('tar', ['--create', '--numeric-owner', '--one-file-system', '--directory', folder, '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const docker = spawn('docker', ['import', '--change', 'CMD ["bash"]', '-', baseImage], {
    stdio: [tar.stdout, 'ignore', 'inherit'],
  });
  const codes = await Promise.all([exitCode(tar), exitCode(docker)]);
  if (codes.some((code) => code !== 0))
    throw new CommandFailed(
      `Importing ${baseImage} failed: tar and docker ended with ${codes.join(', ')}.`,
      1,
    );
}

function exitCode(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
