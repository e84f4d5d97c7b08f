import { Context } from '@temporalio/activity';
import type pg from 'pg';
import { problem } from '../../problem.ts';
import type { Owner } from '../owner.ts';

/**
 * The order of what a run does: it changes the database in one activity at a time, and Temporal numbers a run's
 * activities and their attempts upwards. An id that a workflow chose itself says nothing of the order.
 */
interface Turn {
  activityId: string;
  attempt: number;
}

const product = 'hermes-ops';

/** `hermes-ops RUN ACTIVITY ATTEMPT`: at most 63 bytes. */
export function sessionName({ runId }: Owner): string {
  const { activityId, attempt } = Context.current().info;
  return `${product} ${runId} ${activityId} ${attempt}`;
}

/** Whose a session is, by its name: of this run, and if so whether it began before this attempt; or of which run. */
export function isOfTurn(
  name: string,
  { runId }: Owner,
): { ours: true; earlier: boolean } | { ours: false; runId: string | undefined } {
  const [named, run, activity = '', attempt = ''] = name.split(' ');
  if (named !== product || run === undefined || !/^[0-9a-f-]{36}$/.test(run)) {
    return { ours: false, runId: undefined };
  }
  if (run !== runId) return { ours: false, runId: run };
  return {
    ours: true,
    earlier: isEarlier({ activityId: activity, attempt: Number(attempt) }, Context.current().info),
  };
}

/**
 * Writes down that it is this attempt's turn. Throws StillHeld when a later one of the run has had its own: this one
 * was frozen meanwhile, and what it was to do was done, given up or undone.
 */
export async function takeTurn(client: pg.Client, { runId }: Owner): Promise<void> {
  const { activityId, attempt } = Context.current().info;
  if (!isNumber(activityId)) return;
  const { rowCount } = await client.query(
    `insert into hermes_ops.turn as t (run_id, activity, attempt) values ($1, $2, $3)
     on conflict (run_id) do update set activity = excluded.activity, attempt = excluded.attempt, at = now()
        where (t.activity, t.attempt) <= (excluded.activity, excluded.attempt)`,
    [runId, activityId, attempt],
  );
  if (rowCount === 1) return;
  throw problem('StillHeld', {
    what: 'This attempt was away while a later one of the same run had its turn.',
    state: 'It changed nothing.',
  });
}

function isEarlier(one: Turn, other: Turn): boolean {
  if (one.activityId === other.activityId) return one.attempt < other.attempt;
  if (!isNumber(one.activityId) || !isNumber(other.activityId)) return false;
  return Number(one.activityId) < Number(other.activityId);
}

function isNumber(id: string): boolean {
  return /^\d{1,15}$/.test(id);
}
