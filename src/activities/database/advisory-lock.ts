import { Context } from '@temporalio/activity';
import type pg from 'pg';
import { problem } from '../../problem.ts';
import { currentOwner } from '../owner.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { connect, isConnectionLoss } from './connection.ts';
import { ensureJournal } from './journal.ts';
import { isOfTurn, sessionName, takeTurn } from './turn.ts';

const waitMs = 60_000;
const lookIntervalMs = 500;
const terminateWaitMs = 5_000;

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
 * one from an attempt before, or for a run that is over, has its session ended; and one that thaws after a later
 * attempt of its run had its turn is turned away. Throws StillHeld (tried again).
 */
export async function withDatabaseLock<T>(
  setting: Setting,
  act: (lock: DatabaseLock) => Promise<T>,
): Promise<T> {
  const { stack } = setting;
  const applicationName = sessionName(currentOwner(stack.stack));
  const client = await connect(setting, stack.database.maintenanceDatabase, { applicationName });
  try {
    await acquire(setting, client);
    await ensureJournal(client);
    await takeTurn(client, currentOwner(stack.stack));
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
    if (Date.now() > deadline) {
      throw problem('StillHeld', {
        what: `The database is held by ${holder?.name ?? 'a session that just left'}.`,
      });
    }
    if (holder !== undefined && (await isOver(setting, holder.name))) {
      await client.query('select pg_terminate_backend($1, $2)', [holder.pid, terminateWaitMs]);
      continue;
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
        and l.database = (select oid from pg_database where datname = current_database())
        and (l.classid::bigint << 32) | l.objid::bigint = hashtext($1)::bigint`,
    [lockText(setting)],
  );
  return rows[0];
}

/** Whether the session is of an attempt that is over. Cannot see counts as not over. */
async function isOver(setting: Setting, holder: string): Promise<boolean> {
  const turn = isOfTurn(holder, currentOwner(setting.stack.stack));
  if (turn.ours) return turn.earlier;
  if (turn.runId === undefined) return false;
  for await (const run of setting.client.workflow.list({ query: `RunId = '${turn.runId}'` })) {
    return !(await setting.isAlive(run));
  }
  return false;
}
