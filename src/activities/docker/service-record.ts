import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { Setting } from '../setting.ts';

const hourMs = 3_600_000;

const schema = v.object({
  asked: v.nullable(v.object({ replicas: v.number(), at: v.string(), by: v.string() })),
  restarts: v.array(v.string()),
});

/** What was done to a service, as the worker remembers it. */
export type ServiceRecord = v.InferOutput<typeof schema>;

/** A record that is missing or not readable is an empty one: it is evidence, not a condition. */
export async function readServiceRecord(setting: Setting, service: string): Promise<ServiceRecord> {
  try {
    return v.parse(schema, JSON.parse(await readFile(fileOf(setting, service), 'utf8')));
  } catch {
    return { asked: null, restarts: [] };
  }
}

/** Writes down how many containers were asked for. */
export async function recordAsked(
  setting: Setting,
  service: string,
  asked: NonNullable<ServiceRecord['asked']>,
): Promise<void> {
  await write(setting, service, { ...(await readServiceRecord(setting, service)), asked });
}

/** Writes down a restart. */
export async function recordRestart(setting: Setting, service: string, at: Date): Promise<void> {
  const record = await readServiceRecord(setting, service);
  const restarts = [...restartsSince(record, at.getTime() - hourMs), at.toISOString()];
  await write(setting, service, { ...record, restarts });
}

/** The restarts within the last hour. */
export function recentRestarts(record: ServiceRecord, nowMs: number): string[] {
  return restartsSince(record, nowMs - hourMs);
}

function restartsSince({ restarts }: ServiceRecord, sinceMs: number): string[] {
  return restarts.filter((at) => Date.parse(at) > sinceMs);
}

async function write(setting: Setting, service: string, record: ServiceRecord): Promise<void> {
  const file = fileOf(setting, service);
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.${randomUUID()}`;
  await writeFile(partial, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(partial, file);
}

function fileOf({ stateDirectory, stack }: Setting, service: string): string {
  return join(stateDirectory, 'services', stack.stack, `${service}.json`);
}
