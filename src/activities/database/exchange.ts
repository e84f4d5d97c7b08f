import type pg from 'pg';
import { problem } from '../../problem.ts';
import type { DatabaseIdentity } from '../contract/database.ts';
import type { Setting } from '../setting.ts';
import type { DatabaseLock } from './advisory-lock.ts';
import { sqlState, withConnection } from './connection.ts';
import { findByName, findByOid } from './databases.ts';
import { quoted } from './identifiers.ts';

const terminateIntervalMs = 10;
/** While the lock is waited for, new logins wait too: not for long, and not again at once. */
const lockTimeoutMs = 1_000;
/** PostgreSQL itself waits 5 s for the sessions of a database that is renamed to leave. */
const attempts = 3;
const inUse = '55006';
const lockNotAvailable = '55P03';
const notAllowed = '42501';

export interface Exchange {
  /** Under the live name now. */
  out: DatabaseIdentity;
  outName: string;
  /** Takes the live name. */
  into: DatabaseIdentity;
  /** Done in the transaction of the renames. */
  inside: (client: pg.Client, gapMs: () => number) => Promise<void>;
}

/**
 * Two renames in one transaction: customers have the one database or the other, never none for longer than the
 * renames take. The rename of the live one begins first, so that new logins queue behind it, and only when it has its
 * lock are the old sessions ended, again and again, until it goes on. Throws StalePlan when either is not what it
 * was, StillHeld when somebody's session cannot be moved (tried again).
 */
export async function exchangeDatabases(
  setting: Setting,
  lock: DatabaseLock,
  exchange: Exchange,
): Promise<void> {
  await withConnection(
    setting,
    setting.stack.database.maintenanceDatabase,
    { applicationName: 'hermes-ops terminates sessions' },
    async (terminator) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await exchangeOnce(lock.client, terminator, exchange);
        } catch (error) {
          await lock.client.query('rollback');
          if (sqlState(error) === inUse && attempt < attempts) continue;
          throw await inWords(terminator, exchange, error);
        }
      }
    },
  );
}

async function exchangeOnce(client: pg.Client, terminator: pg.Client, exchange: Exchange): Promise<void> {
  const { out, outName, into, inside } = exchange;
  await client.query('begin');
  await client.query(`set local lock_timeout = ${lockTimeoutMs}`);
  await assertUnchanged(client, out);
  await assertUnchanged(client, into);
  const gap = stopwatch();
  // -- customers notice from here --
  await renameEmptied(client, terminator, out, outName, gap.start);
  await renameEmptied(client, terminator, into, out.name, gap.start);
  await assertRenamed(client, { name: outName, oid: out.oid });
  await assertRenamed(client, { name: out.name, oid: into.oid });
  await inside(client, gap.elapsedMs);
  await client.query('commit');
  // -- to here --
}

/** Renames a database, and ends its sessions from the moment at which no new one can come. */
async function renameEmptied(
  client: pg.Client,
  terminator: pg.Client,
  { name, oid }: DatabaseIdentity,
  newName: string,
  onTerminate: () => void,
): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const pid = rows[0]?.pid;
  const renamed = settled(client.query(`alter database ${quoted(name)} rename to ${quoted(newName)}`));
  try {
    while (!renamed.done) {
      if (await endSessions(terminator, oid, pid)) onTerminate();
      await Promise.race([renamed.promise, pause(terminateIntervalMs)]);
    }
  } catch (error) {
    // Without it the rename would wait for the sessions, and new logins for the rename.
    await terminator.query('select pg_cancel_backend($1)', [pid]).catch(() => undefined);
    throw error;
  }
  if (renamed.error !== undefined) throw renamed.error;
}

/** Ends the sessions of a database once `holder` has the lock on it. Whether there were any. */
async function endSessions(terminator: pg.Client, oid: number, holder: number | undefined): Promise<boolean> {
  const { rowCount } = await terminator.query(
    `select pg_terminate_backend(a.pid) from pg_stat_activity a
      where a.datid = $1 and a.pid <> pg_backend_pid()
        and exists (select from pg_locks l
                     where l.pid = $2 and l.granted and l.mode = 'AccessExclusiveLock' and l.locktype = 'object'
                       and l.classid = 'pg_database'::regclass and l.objid = $1)`,
    [oid, holder],
  );
  return rowCount !== 0;
}

/** Before the change: the ground is still what the plan saw. */
export async function assertUnchanged(client: pg.Client, { name, oid }: DatabaseIdentity): Promise<void> {
  const found = await findByName(client, name);
  if (found?.oid === oid) return;
  throw problem('StalePlan', {
    what: `The database ${name} is not the one that the plan saw (${found === undefined ? 'it is gone' : 'another one has the name'}).`,
    state: 'Nothing was changed.',
    next: 'Start again: it plans anew.',
  });
}

/** In the transaction of the change: a rename goes by name, and somebody may have moved the name just before. */
async function assertRenamed(client: pg.Client, { name, oid }: DatabaseIdentity): Promise<void> {
  if ((await findByOid(client, oid))?.name === name) return;
  throw problem('StalePlan', {
    what: `Somebody renamed databases while they were swapped (${name}).`,
    state: 'Nothing was changed.',
    next: 'Start again: it plans anew.',
  });
}

/** What stood in the way, named. */
async function inWords(terminator: pg.Client, { out, into }: Exchange, error: unknown): Promise<unknown> {
  const state = sqlState(error);
  const unchanged = 'Nothing was changed: the same database serves as before.';
  if (state === notAllowed) {
    return problem(
      'UnsafeToRestore',
      {
        what: `PostgreSQL does not let the user of the stack file rename ${out.name} or end its sessions.`,
        state: unchanged,
        next: 'Give it CREATEDB, the membership of the owner, and superuser where sessions of superusers are to be ended.',
      },
      error,
    );
  }
  if (state !== inUse && state !== lockNotAvailable) return error;
  const { rows } = await terminator.query<{ session: string }>(
    `select distinct format('session %s (%s, %s)', a.pid, coalesce(nullif(a.application_name, ''), a.usename::text), a.state) as session
       from pg_stat_activity a
      where a.pid <> pg_backend_pid() and (a.datid = any($1::oid[]) or a.pid in
              (select l.pid from pg_locks l where l.locktype = 'object' and l.classid = 'pg_database'::regclass
                  and l.objid = any($1::oid[]) and l.granted))`,
    [[out.oid, into.oid]],
  );
  const holders = rows.map(({ session }) => session).join(', ');
  return problem(
    'StillHeld',
    {
      what: `${out.name} could not be swapped: ${holders === '' ? 'sessions come faster than they can be ended' : `held by ${holders}`}.`,
      state: unchanged,
      next: 'It is tried again. End what holds it.',
    },
    error,
  );
}

interface Settled {
  done: boolean;
  error?: unknown;
  promise: Promise<void>;
}

/** Follows a promise without leaving its failure unhandled. */
function settled(work: Promise<unknown>): Settled {
  const state: Settled = { done: false, promise: Promise.resolve() };
  state.promise = work.then(
    () => {
      state.done = true;
    },
    (error: unknown) => {
      state.done = true;
      state.error = error;
    },
  );
  return state;
}

/** Runs from the first `start`, in milliseconds; 0 where it never started. */
function stopwatch(): { start: () => void; elapsedMs: () => number } {
  let startedMs: number | undefined;
  return {
    start: () => {
      startedMs ??= performance.now();
    },
    elapsedMs: () => (startedMs === undefined ? 0 : Math.round(performance.now() - startedMs)),
  };
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
