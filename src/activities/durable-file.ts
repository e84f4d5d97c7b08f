import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { problem } from '../problem.ts';

/** Writes a file so that after a crash there is all of it or none: a draft, fsync, rename, fsync of the folder. Throws NotEnoughSpace. */
export async function writeDurably(path: string, content: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const draft = `${path}.draft`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
    await syncPath(dirname(path));
  } catch (error) {
    throw fullDisk(path, error) ?? error;
  }
}

/** A disk that is full is not tried again: it does not empty itself. */
function fullDisk(path: string, error: unknown): Error | undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) return undefined;
  return problem('NotEnoughSpace', {
    what: `${path} could not be written: no space is left on its disk.`,
    next: 'Make room there, then start again.',
  });
}

/** fsync of a file or a folder. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
