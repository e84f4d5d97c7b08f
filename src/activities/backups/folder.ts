import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { problem } from '../../problem.ts';
import { isBackupId } from '../../stack/names.ts';

const partialPrefix = '.partial-';

/** The folder of a published backup. Throws InvalidInput for an id that is not one: never a way out of the directory. */
export function backupFolder(directory: string, backupId: string): string {
  if (isBackupId(backupId)) return join(directory, backupId);
  throw problem('InvalidInput', {
    what: `\`backup\` is ${JSON.stringify(backupId.slice(0, 80))}: expected a backup id, a time such as 2026-11-17T03:00Z, or "latest".`,
    next: 'List the backups: hermes-ops run list-backups',
  });
}

/** The folder of a backup in the making: a name that nothing takes for a backup. */
export function partialFolder(directory: string, backupId: string): string {
  backupFolder(directory, backupId);
  return join(directory, `${partialPrefix}${backupId}`);
}

export async function publishedIds(directory: string): Promise<string[]> {
  return (await entriesOf(directory)).filter(isBackupId).sort();
}

export async function partialIds(directory: string): Promise<string[]> {
  return (await entriesOf(directory))
    .filter((name) => name.startsWith(partialPrefix))
    .map((name) => name.slice(partialPrefix.length))
    .filter(isBackupId);
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Files below a folder as relative paths, sorted. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

export async function totalBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const file of await filesBelow(folder).catch(() => [])) {
    sum += (await stat(join(folder, file)).catch(() => undefined))?.size ?? 0;
  }
  return sum;
}

/** Reads JSON, or undefined where there is no such file. Throws SyntaxError for a broken one. */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  return JSON.parse(text);
}

export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function entriesOf(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
