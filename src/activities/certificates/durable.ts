import { chmod, chown, lstat, mkdir, open, readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { problem } from '../../problem.ts';
import { syncPath } from '../durable-file.ts';

/** In the name of what is being made: with the run's mark after it. */
export const draftMark = '.new-';

export interface Ownership {
  uid: number;
  gid: number;
  mode: number;
}

/**
 * Makes a folder, and those above it, where they are not there. Level by level: Node's own way to make several says
 * ENOENT where the file system is read-only, which looks as if it could pass.
 */
export async function ensureFolder(path: string): Promise<void> {
  if ((await makeOne(path)) !== 'no parent') return;
  await ensureFolder(dirname(path));
  if ((await makeOne(path)) !== 'no parent') return;
  await mkdir(path);
}

async function makeOne(path: string): Promise<'there' | 'no parent'> {
  try {
    await mkdir(path);
    return 'there';
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST') return 'there';
    if (code === 'ENOENT') return 'no parent';
    throw error;
  }
}

/** Makes a folder, owned as told, if it is not there. */
export async function makeFolder(path: string, { uid, gid, mode }: Ownership): Promise<void> {
  await ensureFolder(path);
  await chown(path, uid, gid);
  await chmod(path, mode);
}

/** Writes a new file, readable for its owner alone until it is complete and belongs to whom it should. */
export async function writeNew(path: string, content: string, { uid, gid, mode }: Ownership): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.chown(uid, gid);
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes `path` a link to `target` in one step, whatever `path` was, and on the disk before it returns. */
export async function linkInOneStep(path: string, target: string, mark: string): Promise<void> {
  const draft = `${path}${draftMark}${mark}`;
  await rm(draft, { force: true });
  await symlink(target, draft);
  await rename(draft, path);
  await syncPath(dirname(path));
}

/** What the link at `path` says; undefined where it is none. */
export async function linkTarget(path: string): Promise<string | undefined> {
  const info = await lstat(path).catch(() => undefined);
  return info?.isSymbolicLink() === true ? readlink(path) : undefined;
}

/** The file system's refusal in words: what asking again does not change is a failure for good. */
export function refusal(what: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return problem('NotEnoughSpace', {
      what: `${what}: no space is left on its disk.`,
      state: 'nginx goes on with what it has.',
      next: 'Make room there, then start again.',
    });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR') {
    return problem('CannotInstall', {
      what: `${what}: the worker may not write there (${code}).`,
      state: 'nginx goes on with what it has.',
      next: 'Let the worker’s user write there, and start again.',
    });
  }
  return error;
}
