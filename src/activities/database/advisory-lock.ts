import { Context } from '@temporalio/activity';
import type pg from 'pg';
import { problem } from '../../problem.ts';
import { currentOwner } from '../owner.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { connect, isConnectionLoss } from './connection.ts';

const waitMs = 60_000;
const lookIntervalMs = 500;

/** The lock that a changing activity holds while it acts, as a session of the maintenance database. */
export interface DatabaseLock {
  /** The session that holds it: what is done in it cannot be done by one who lost the lock. */
  client: pg.Client;
  /** Throws StillHeld when the lock was taken away: a later attempt acts now. */
  assertHeld: () => Promise<void>;
}

/**
 * Acts while holding the advisory lock of the stack's database. Temporal's own lock ends with a terminated run at
 * once, while an activity may act for seconds more, and a frozen worker acts again when it thaws: whoever holds this
 * one from an attempt before, or for a run that is over, has its session ended. Throws StillHeld (tried again).
 */
export async function withDatabaseLock<T>(
  setting: Setting,
  act: (lock: DatabaseLock) => Promise<T>,
): Promise<T> {
  const { maintenanceDatabase } = setting.stack.database;
  const client = await connect(setting, maintenanceDatabase, { applicationName: ownSessionName(setting) });
  try {
    await acquire(setting, client);
    return await act({ client, assertHeld: () => assertHeld(client) });
  } catch (error) {
    if (!isConnectionLoss(error)) throw error;
    throw problem(
      'Unreachable',
      { what: 'The session that changed the database was ended.', next: 'It is looked at again.' },
      error,
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function assertHeld(client: pg.Client): Promise<void> {
  try {
    await client.query('select 1');
  } catch (error) {
    throw problem('StillHeld', { what: 'Another attempt took the lock of the database over.' }, error);
  }
}

async function acquire(setting: Setting, client: pg.Client): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    const { rows } = await client.query<{ held: boolean }>(
      'select pg_try_advisory_lock(hashtext($1)) as held',
      [lockText(setting)],
    );
    if (rows[0]?.held === true) return;
    const holder = await holderOf(setting, client);
    if (holder !== undefined && (await isOver(setting, holder.name))) {
      await client.query('select pg_terminate_backend($1, 5000)', [holder.pid]);
      continue;
    }
    if (Date.now() > deadline) {
      throw problem('StillHeld', {
        what: `The database is held by ${holder?.name ?? 'a session that just left'}.`,
      });
    }
    reportProgress(`Waiting for ${holder?.name ?? 'the database'}`);
    await Context.current().sleep(lookIntervalMs);
  }
}

function lockText({ stack }: Setting): string {
  return `hermes-ops/${stack.stack}/database`;
}

interface Holder {
  pid: number;
  name: string;
}

async function holderOf(setting: Setting, client: pg.Client): Promise<Holder | undefined> {
  const { rows } = await client.query<Holder>(
    `select a.pid, a.application_name as name
       from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted and l.objsubid = 1
        and (l.classid::bigint << 32) | l.objid::bigint = hashtext($1)::bigint`,
    [lockText(setting)],
  );
  return rows[0];
}

/** `hermes-ops RUN ACTIVITY ATTEMPT`: at most 63 bytes. */
function ownSessionName({ stack }: Setting): string {
  const { activityId, attempt } = Context.current().info;
  return `hermes-ops ${currentOwner(stack.stack).runId} ${activityId} ${attempt}`;
}

/** Whether the session is of an attempt that is over. Cannot see counts as not over. */
async function isOver(setting: Setting, sessionName: string): Promise<boolean> {
  const [product, runId, activityId, attempt] = sessionName.split(' ');
  if (product !== 'hermes-ops' || runId === undefined) return false;
  const { info } = Context.current();
  // A run changes the database in one activity at a time: any other session of the same run is a leftover.
  if (runId === currentOwner(setting.stack.stack).runId) {
    return activityId !== info.activityId || Number(attempt) < info.attempt;
  }
  for await (const run of setting.client.workflow.list({ query: `RunId = '${runId}'` })) {
    return !(await setting.isAlive(run));
  }
  return false;
}
