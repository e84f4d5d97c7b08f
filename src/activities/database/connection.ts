import { readFile } from 'node:fs/promises';
import { Context } from '@temporalio/activity';
import { Client, type ClientConfig } from 'pg';
import { problem } from '../../problem.ts';
import { runningContainer } from '../docker/service-containers.ts';
import type { Setting } from '../setting.ts';

const connectTimeoutMs = 10_000;

export interface ConnectOptions {
  applicationName: string;
  /** 0, the default, is none. */
  statementTimeoutMs?: number;
  lockTimeoutMs?: number;
  /** For one that only looks: a long count must not keep a cancelled procedure from ending. */
  endsWhenCancelled?: boolean;
}

/**
 * A connection to one database of the stack's server. Its loss fails the queries on it, never the process.
 * Throws Unreachable (tried again), UnknownDatabase, or StackFile for a password that is refused.
 */
export async function connect(setting: Setting, database: string, options: ConnectOptions): Promise<Client> {
  const { stack } = setting;
  const client = new Client({
    host: await hostOf(setting),
    port: stack.database.port,
    user: stack.database.user,
    password: await setting.secret(stack.database.password),
    database,
    application_name: options.applicationName.slice(0, 63),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    ...(await tlsOf(setting)),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(withoutTimeouts(options));
  } catch (error) {
    await client.end().catch(() => undefined);
    throw await connectionProblem(setting, database, error);
  }
  return client;
}

/** Connects, acts, and closes whatever happens. Throws CancelledFailure for one that ends when it is cancelled. */
export async function withConnection<T>(
  setting: Setting,
  database: string,
  options: ConnectOptions,
  act: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(setting, database, options);
  const stopFollowing = options.endsWhenCancelled === true ? endWhenCancelled(client) : () => false;
  try {
    return await act(client);
  } catch (error) {
    if (stopFollowing()) await Context.current().cancelled;
    throw isConnectionLoss(error) ? unreachable(setting, database, error) : error;
  } finally {
    stopFollowing();
    await client.end().catch(() => undefined);
  }
}

/** Ends the connection, its query with it, when the activity is cancelled. The answer stops that, and says whether it was. */
function endWhenCancelled(client: Client): () => boolean {
  const { cancellationSignal } = Context.current();
  const end = (): void => void client.end().catch(() => undefined);
  cancellationSignal.addEventListener('abort', end, { once: true });
  return () => {
    cancellationSignal.removeEventListener('abort', end);
    return cancellationSignal.aborted;
  };
}

/**
 * Timeouts that the server, the database or the role sets by itself are for customers' sessions: they would end a
 * snapshot or a lock in the middle of a dump.
 */
function withoutTimeouts({ statementTimeoutMs = 0, lockTimeoutMs = 0 }: ConnectOptions): string {
  return `select set_config(name, case name when 'statement_timeout' then '${statementTimeoutMs}'
                                            when 'lock_timeout' then '${lockTimeoutMs}' else '0' end, false)
            from pg_settings
           where name in ('statement_timeout', 'lock_timeout', 'idle_session_timeout', 'transaction_timeout',
                          'idle_in_transaction_session_timeout')`;
}

async function hostOf(setting: Setting): Promise<string> {
  const { host } = setting.stack.database;
  if (host !== undefined) return host;
  const container = await runningContainer(setting, 'database');
  const address = container.networks.find(({ address: ip }) => ip !== '')?.address;
  if (address !== undefined) return address;
  throw problem('Unreachable', {
    what: `${container.name} has no address on any network.`,
    next: 'It is tried again.',
  });
}

async function tlsOf({ stack }: Setting): Promise<{ ssl?: ClientConfig['ssl'] }> {
  const { tls, caFile } = stack.database;
  if (tls === 'disable') return {};
  const ca = caFile === undefined ? {} : { ca: await readFile(caFile, 'utf8') };
  // `require` is libpq's word for "encrypted, not authenticated".
  return { ssl: tls === 'require' ? { rejectUnauthorized: false } : ca };
}

async function connectionProblem(setting: Setting, database: string, error: unknown): Promise<Error> {
  const code = sqlState(error);
  if (code === '3D000') {
    return problem('UnknownDatabase', {
      what: `There is no database ${JSON.stringify(database)} on the server${await whatThereIs(setting, database)}.`,
      next: 'Correct `database.name` in the stack file.',
    });
  }
  if (code === '28P01' || code === '28000') {
    return problem('StackFile', {
      what: `PostgreSQL refuses the user ${setting.stack.database.user} with the password of the stack file's reference.`,
      next: 'Correct the secret or `database.user`.',
    });
  }
  return unreachable(setting, database, error);
}

async function whatThereIs(setting: Setting, missing: string): Promise<string> {
  const { maintenanceDatabase } = setting.stack.database;
  if (missing === maintenanceDatabase) return '';
  try {
    const names = await withConnection(
      setting,
      maintenanceDatabase,
      { applicationName: 'hermes-ops looks' },
      async (client) => {
        const { rows } = await client.query<{ datname: string }>(
          'select datname from pg_database where not datistemplate and datallowconn order by 1',
        );
        return rows.map(({ datname }) => datname);
      },
    );
    return `; it has ${names.join(', ')}`;
  } catch {
    return '';
  }
}

function unreachable({ stack }: Setting, database: string, error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error);
  return problem('Unreachable', {
    what: `PostgreSQL of ${stack.stack} (${database}): ${why}.`,
    next: 'It is tried again.',
  });
}

/** The SQLSTATE of a server's error. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Whether the connection broke, so that nobody knows what became of the statement. */
export function isConnectionLoss(error: unknown): boolean {
  const code = sqlState(error);
  if (code !== undefined) return /^(?:57P0[123]|08...|ECONN.*|EPIPE|ETIMEDOUT)$/.test(code);
  return error instanceof Error && /connection (?:terminated|error)|not queryable/i.test(error.message);
}
