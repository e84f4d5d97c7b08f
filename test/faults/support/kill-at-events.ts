import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { killsAtTaskStarts } from '../../../scripts/kill-matrix/request.ts';
import { type HistoryEvent, idOf, nameOf, newEvents, type RunOf } from './history.ts';
import type { WorkerSeat } from './worker-seat.ts';

export interface Kill {
  /** The last event in the history when the worker was killed. */
  afterEvent: number;
  name: string;
}

type Killable = Pick<WorkerSeat, 'killAndStart'>;

export interface KillOptions {
  /** From which event on. All by default. */
  from?: (event: HistoryEvent) => boolean;
  /** Only at such events. At all by default. */
  at?: (event: HistoryEvent) => boolean;
}

/**
 * After everything that was done. A worker that only takes a task up has done nothing yet: that it died then is a third
 * of all moments, tells least and costs the task's time limit each. `npm run kill-matrix` takes them too when told to.
 */
export const everyStep: KillOptions = {
  at: (event) => killsAtTaskStarts(process.env) || !/^WorkflowTask(?:Scheduled|Started)/.test(nameOf(event)),
};

/**
 * Kills the worker after every event of a run, each time that the history has grown, and starts another one at once.
 * Returns when the run is over. Events that one transaction wrote are one moment; that a killed worker's task timed out
 * is no event of the procedure.
 */
export async function killAtEveryEvent(
  client: Client,
  run: RunOf,
  seat: Killable,
  { from = () => true, at = () => true }: KillOptions = {},
): Promise<Kill[]> {
  const kills: Kill[] = [];
  let begun = false;
  for await (const news of newEvents(client, run)) {
    begun ||= news.some(from);
    const last = news.filter((event) => !isOfKill(event)).at(-1);
    if (!begun || last === undefined || !news.some(at)) continue;
    kills.push({ afterEvent: idOf(last), name: nameOf(last) });
    await seat.killAndStart();
  }
  return kills;
}

/** How often, and how long it took: for the person who reads the tests' output. */
export function tellKills(what: string, kills: readonly Kill[], startedAtMs: number): void {
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  process.stdout.write(`${what}: ${kills.length} kills in ${seconds} s\n`);
}

/** Written because of the kill before: the task was lost, and is given to the next worker. */
function isOfKill(event: HistoryEvent): boolean {
  const lost = event.workflowTaskTimedOutEventAttributes;
  const again = event.workflowTaskScheduledEventAttributes;
  return (lost ?? undefined) !== undefined || (again?.attempt ?? 1) > 1;
}

/** Lets a run go on to its end and returns the moments at which its worker could have been killed. */
export async function momentsOf(client: Client, run: RunOf, options: KillOptions = {}): Promise<Kill[]> {
  return killAtEveryEvent(client, run, { killAndStart: () => Promise.resolve() }, options);
}

/** Kills the worker once, `delayMs` after that event was written, and follows the run to its end. */
export async function killOnceAfter(
  client: Client,
  run: RunOf,
  seat: Killable,
  { afterEvent, delayMs }: { afterEvent: number; delayMs: number },
): Promise<boolean> {
  let killed = false;
  for await (const news of newEvents(client, run)) {
    if (killed || news.every((event) => idOf(event) < afterEvent)) continue;
    killed = true;
    await pause(delayMs);
    await seat.killAndStart();
  }
  return killed;
}
