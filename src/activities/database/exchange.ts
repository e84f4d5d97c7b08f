import type pg from 'pg';
import { problem } from '../../problem.ts';
import type { DatabaseIdentity } from '../contract/database.ts';
import type { Setting } from '../setting.ts';
import type { DatabaseLock } from './advisory-lock.ts';
import { sqlState, withConnection } from './connection.ts';
import { findByName } from './databases.ts';
import { quoted } from './identifiers.ts';

const terminateIntervalMs = 10;
/** PostgreSQL itself waits 5 s for the sessions of a database that is renamed to leave. */
const attempts = 3;
const inUse = '55006';

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
 * renames take. The rename of the live one begins first, so that new logins queue behind it, and only then are the
 * old sessions ended, again and again, until it goes on. Throws StalePlan when either is not what it was.
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
          if (sqlState(error) !== inUse || attempt === attempts) throw error;
        }
      }
    },
  );
}

async function exchangeOnce(client: pg.Client, terminator: pg.Client, exchange: Exchange): Promise<void> {
  const { out, outName, into, inside } = exchange;
  await client.query('begin');
  await assertUnchanged(client, out);
  await assertUnchanged(client, into);
  const startedMs = performance.now();
  // -- customers notice from here --
  const renamed = settled(client.query(`alter database ${quoted(out.name)} rename to ${quoted(outName)}`));
  while (!renamed.done) {
    await terminator.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datid = any($1::oid[]) and pid <> pg_backend_pid()',
      [[out.oid, into.oid]],
    );
    await Promise.race([renamed.promise, pause(terminateIntervalMs)]);
  }
  if (renamed.error !== undefined) throw renamed.error;
  await client.query(`alter database ${quoted(into.name)} rename to ${quoted(out.name)}`);
  await inside(client, () => Math.round(performance.now() - startedMs));
  await client.query('commit');
  // -- to here --
}

/** In the transaction of the change: the ground is still what the plan saw. */
async function assertUnchanged(client: pg.Client, { name, oid }: DatabaseIdentity): Promise<void> {
  const found = await findByName(client, name);
  if (found?.oid === oid) return;
  throw problem('StalePlan', {
    what: `The database ${name} is not the one that the plan saw (${found === undefined ? 'it is gone' : 'another one has the name'}).`,
    state: 'Nothing was changed.',
    next: 'Start again: it plans anew.',
  });
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

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}
