import { existsSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';

/** What a started development server leaves beside its database file, so that the next start finds it. */
export interface ServerRecord {
  pid: number;
  address: string;
  uiUrl: string;
  port: number;
  uiPort: number;
  namespace: string;
}

export async function readServerRecord(databaseFile: string): Promise<ServerRecord | undefined> {
  try {
    return parseServerRecord(await readFile(recordFile(databaseFile), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function writeServerRecord(databaseFile: string, record: ServerRecord): Promise<void> {
  const file = recordFile(databaseFile);
  await writeFile(`${file}.${process.pid}`, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(`${file}.${process.pid}`, file);
}

export async function removeServerRecord(databaseFile: string): Promise<void> {
  await rm(recordFile(databaseFile), { force: true });
}

/** Undefined for anything that is not a whole record: it is then as if there were none. */
export function parseServerRecord(text: string): ServerRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, address, uiUrl, port, uiPort, namespace }: Partial<Record<string, unknown>> = { ...value };
  if (typeof pid !== 'number' || typeof port !== 'number' || typeof uiPort !== 'number') return undefined;
  if (typeof address !== 'string' || typeof uiUrl !== 'string' || typeof namespace !== 'string')
    return undefined;
  return { pid, address, uiUrl, port, uiPort, namespace };
}

/**
 * Whether `pid` is a living process that was started with `argument`: a pid alone may belong to somebody else by now.
 * Where the system has no /proc the pid has to do.
 */
export async function isRunningWith(pid: number, argument: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // One that is just ending answers the signal still, and its command line cannot be read any more.
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine === '' ? !existsSync('/proc/self/cmdline') : commandLine.split('\0').includes(argument);
}

function recordFile(databaseFile: string): string {
  return `${databaseFile}.server.json`;
}
