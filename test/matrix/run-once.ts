import { isDeepStrictEqual } from 'node:util';
import { lostWrites, startCustomer } from '../faults/support/customer.ts';
import { endStateOf } from '../faults/support/end-state.ts';
import { type Ground, runOf } from '../faults/support/ground.ts';
import { type Kill, killOnceAfter, momentsOf } from '../faults/support/kill-at-events.ts';
import { databasesLike, dropKept } from '../faults/support/restore-moments.ts';
import type { Course } from './courses.ts';

export interface OneRun {
  /** When the worker could have been killed; empty for a run in which it was. */
  moments: Kill[];
  /** It ended before it came to the event after which its worker was to be killed. */
  missed: boolean;
  /** What is not as it should be. */
  wrong: string[];
}

/** One run from its start to its end, with its worker killed once or not at all. */
export async function runOnce(
  ground: Ground,
  course: Course,
  kill?: { afterEvent: number; delayMs: number },
): Promise<OneRun> {
  await ground.prepare();
  const { client } = ground.hermes;
  const customer = await startCustomer(ground.hermes, [ground.backedUp, ground.changed]);
  const handle = await course.start(ground);
  const answering = course.answers(ground, handle);
  const from = course.from === undefined ? {} : { from: course.from };
  const following =
    kill === undefined
      ? momentsOf(client, runOf(handle), from)
      : killOnceAfter(client, runOf(handle), ground.seat, kill);
  const [followed] = await Promise.all([following, answering]);
  const { confirmed, seen, wrong } = await customer.stop();
  const kept = await databasesLike(ground, 'hermes_undone_%');
  const end = await endStateOf(ground, handle, { kept });
  const lost = await lostWrites(ground.hermes, confirmed.get(course.seen.at(-1) ?? '') ?? []);
  await dropKept(ground, kept);
  return {
    moments: Array.isArray(followed) ? followed : [],
    missed: followed === false,
    wrong: [
      ...wrong,
      ...(lost.length > 0 ? [`${lost.length} confirmed writes are lost`] : []),
      ...unlike('what customers saw', seen, course.seen),
      ...unlike('the end', end, course.ends),
    ],
  };
}

function unlike(what: string, found: unknown, expected: unknown): string[] {
  return isDeepStrictEqual(found, expected)
    ? []
    : [`${what} is ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`];
}
