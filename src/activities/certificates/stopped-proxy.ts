import { readFile, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import * as v from 'valibot';
import { problem } from '../../problem.ts';
import { engineCall, unlessGone } from '../docker/engine.ts';
import { removeContainer } from '../docker/job-container.ts';
import { findServiceContainers } from '../docker/service-containers.ts';
import { graceSeconds, stopWithinGrace } from '../docker/stop-start.ts';
import { writeDurably } from '../durable-file.ts';
import type { Owner } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { refusal } from './durable.ts';
import { findPlace } from './place.ts';

/*
 * Beside the certificate lies a note for as long as nginx is stopped for an order. It is there before the stop and goes
 * after the start, so that whoever comes after a worker that died knows who stopped nginx, and starts nothing that a
 * person has stopped.
 */

const tries = 5;
const betweenTriesMs = 1_000;
/** What a busy engine may need for a stop, beyond the container's own grace. */
const slowStopMs = 60_000;

const noteSchema = v.object({
  stack: v.string(),
  workflowId: v.string(),
  runId: v.string(),
  /** The attempt that answers for the start. */
  activityId: v.string(),
  attempt: v.number(),
  containers: v.array(
    v.object({ id: v.string(), name: v.string(), startedAt: v.string(), stoppedFrom: v.string() }),
  ),
});

type Note = v.InferOutput<typeof noteSchema>;
export type StoppedContainer = Note['containers'][number];

/** One attempt of an order. */
export interface Turn extends Pick<Owner, 'stack' | 'workflowId' | 'runId'> {
  activityId: string;
  attempt: number;
}

/** Writes the note, then stops nginx. What an earlier attempt of this run has stopped stays noted. */
export async function stopProxyFor(setting: Setting, turn: Turn): Promise<StoppedContainer[]> {
  await startStoppedProxy(setting);
  const { file, note } = await lookForNote(setting);
  if (file === undefined || (note !== undefined && note.runId !== turn.runId))
    throw problem('StillHeld', { what: 'Another run has nginx stopped, or its folder is not to be seen.' });
  const running = (await findServiceContainers(setting, 'proxy')).filter((container) => container.running);
  const stoppedFrom = new Date().toISOString();
  const containers = [
    ...(note?.containers ?? []).filter(({ id }) => running.every((other) => other.id !== id)),
    ...running.map(({ id, name, startedAt }) => ({ id, name, startedAt, stoppedFrom })),
  ];
  await writeNote(file, { ...turn, containers });
  for (const container of running) await stopWithinGrace(setting, 'proxy', container);
  return containers;
}

/**
 * Starts what this turn has stopped, unless a later attempt, or another run, answers for it by now. `clear` takes away
 * what stands in nginx's place.
 */
export async function endTurn(
  setting: Setting,
  turn: Turn,
  stopped: readonly StoppedContainer[],
  clear: () => Promise<void>,
): Promise<void> {
  const { file, note } = await lookForNote(setting);
  if (note !== undefined && !isTurnOf(note, turn)) return;
  await clear();
  for (const container of note?.containers ?? stopped) await startIfStopped(setting, container);
  if (file !== undefined) await rm(file, { force: true });
}

function isTurnOf(note: Note, { runId, activityId, attempt }: Turn): boolean {
  return note.runId === runId && note.activityId === activityId && note.attempt <= attempt;
}

/** Starts nginx where a run that is over has stopped it, or `ownRunId`. Returns the names of what was started. */
export async function startStoppedProxy(setting: Setting, ownRunId?: string): Promise<string[]> {
  const { file, note } = await lookForNote(setting);
  if (file === undefined || note === undefined || note.stack !== setting.stack.stack) return [];
  if (note.runId !== ownRunId && (await setting.isAlive(note))) return [];
  await removeOrders(setting, note.runId);
  const started: string[] = [];
  for (const container of note.containers) {
    if (await startIfStopped(setting, container)) started.push(container.name);
  }
  await rm(file, { force: true });
  return started;
}

/** The certbot of a run stands on nginx's port. */
async function removeOrders(setting: Setting, runId: string): Promise<void> {
  const jobs = await engineCall('Looking for orders', () =>
    setting.docker.listContainers({ all: true, filters: { label: [`hermes-ops.run=${runId}`] } }),
  );
  for (const { Id, Labels } of jobs) {
    if (Labels['hermes-ops.step']?.startsWith('certbot-') === true) await removeContainer(setting, Id);
  }
}

/** Whether it was started. One that somebody has started or stopped since is theirs. */
async function startIfStopped(
  setting: Setting,
  { id, name, startedAt, stoppedFrom }: StoppedContainer,
): Promise<boolean> {
  const container = setting.docker.getContainer(id);
  const info = await engineCall(`Looking at ${name}`, () => unlessGone(() => container.inspect()));
  if (info === undefined || info.State.Running || info.State.StartedAt !== startedAt) return false;
  const latestMs = Date.parse(stoppedFrom) + graceSeconds(setting, 'proxy') * 1000 + slowStopMs;
  if (Date.parse(info.State.FinishedAt) > latestMs) return false;
  for (let left = tries - 1; ; left -= 1) {
    try {
      await engineCall(`Starting ${name}`, () => unlessGone(() => container.start()));
      return true;
    } catch (error) {
      // The engine gives a port free a moment after its container is gone.
      if (left === 0) throw error;
      await pause(betweenTriesMs);
    }
  }
}

async function lookForNote(setting: Setting): Promise<{ file: string | undefined; note: Note | undefined }> {
  const file = await noteFile(setting);
  return { file, note: file === undefined ? undefined : await readNote(file) };
}

/** Beside the main certificate; undefined where the worker does not see its folder. */
async function noteFile(setting: Setting): Promise<string | undefined> {
  const [pair] = setting.stack.certificates.pairs;
  const place = pair === undefined ? undefined : await findPlace(setting, pair);
  return place === undefined || 'why' in place ? undefined : `${place.certificate}.nginx-stopped`;
}

async function readNote(file: string): Promise<Note | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const note = v.safeParse(noteSchema, JSON.parse(text));
    return note.success ? note.output : undefined;
  } catch {
    // Not ours: ours are written whole or not at all.
    return undefined;
  }
}

async function writeNote(file: string, note: Note): Promise<void> {
  try {
    await writeDurably(file, `${JSON.stringify(note, undefined, 2)}\n`);
  } catch (error) {
    throw refusal(`The note ${file}, without which nginx is not stopped`, error);
  }
}
