import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Runs `act` while no other process does so under the same lock file. The lock of a process that is gone is broken.
 * Throws an Error when a living one holds it for longer than `timeoutMs`.
 */
export async function withStartLock<T>(file: string, timeoutMs: number, act: () => Promise<T>): Promise<T> {
  await take(file, Date.now() + timeoutMs);
  try {
    return await act();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string, giveUpAt: number): Promise<void> {
  while (!(await create(file))) {
    const holder = await holderOf(file);
    if (holder !== undefined && !isAlive(holder)) {
      await rm(file, { force: true });
      continue;
    }
    if (Date.now() >= giveUpAt)
      throw new Error(
        `Process ${holder ?? 'unknown'} has held ${file} for too long. End it, or remove the file.`,
      );
    await pause(100);
  }
}

async function create(file: string): Promise<boolean> {
  try {
    const lock = await open(file, 'wx');
    await lock.writeFile(String(process.pid));
    await lock.close();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined while the file is gone already, or its owner is just writing it. */
async function holderOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
