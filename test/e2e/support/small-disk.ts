import { mkdir } from 'node:fs/promises';
import { run } from '../../../scripts/sandbox/command.ts';

/** A disk that is soon full: memory, mounted at `path`, which the Docker engine of this machine sees too. Needs root. */
export interface SmallDisk {
  path: string;
  remove(): Promise<void>;
}

export async function mountSmallDisk(path: string, sizeBytes: number): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0700`, 'hermes-ops-test', path]);
  return {
    path,
    async remove() {
      await run('umount', [path]);
    },
  };
}

/** Puts an empty disk that nobody can write to over a folder of this machine. Needs root. */
export async function mountReadOnly(path: string): Promise<SmallDisk> {
  await run('mount', ['-t', 'tmpfs', '-o', 'ro', 'hermes-ops-test', path]);
  return {
    path,
    async remove() {
      await run('umount', [path]);
    },
  };
}
