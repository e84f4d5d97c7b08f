import { Client } from 'pg';
import type { Content } from './content.ts';
import type { Installation } from '../../e2e/support/installation.ts';

const intervalMs = 20;
/**
 * What a client may get while databases are exchanged: its session is ended, or the name is not there for a moment.
 * Anything else is wrong, such as a table that is missing or a database that takes no connections.
 */
const passing = new Set([
  '57P01',
  '3D000',
  '57P02',
  '57P03',
  '08006',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
]);

export interface CustomerReport {
  /** Writes that were confirmed, by the marker that the same statement saw. */
  confirmed: Map<string, number[]>;
  /** In what order the contents were seen: a restore is two, a rollback three. */
  seen: string[];
  longestGapMs: number;
  /** What should never have been seen. */
  wrong: string[];
}

export interface Customer {
  stop(): Promise<CustomerReport>;
}

/** Somebody who writes to the live database all the time, one row every 20 ms, and connects again when thrown out. */
export async function startCustomer(hermes: Installation, contents: Content[]): Promise<Customer> {
  const report: CustomerReport = { confirmed: new Map(), seen: [], longestGapMs: 0, wrong: [] };
  const known = new Map(contents.map(({ marker, rows }) => [marker, rows['call_events']]));
  const until = { ended: false };
  const work = async (): Promise<void> => {
    let client: Client | undefined;
    let lastMs = Date.now();
    for (let n = 1; !until.ended; n += 1) {
      try {
        client ??= await connect(hermes);
        const { marker, events } = await write(client, n);
        report.longestGapMs = Math.max(report.longestGapMs, Date.now() - lastMs);
        lastMs = Date.now();
        note(report, marker, n);
        if (known.get(marker) !== events) report.wrong.push(`"${marker}" with ${events} call events`);
      } catch (error) {
        const code = codeOf(error);
        if (!passing.has(code)) report.wrong.push(`${code}: ${String(error)}`);
        await client?.end().catch(() => undefined);
        client = undefined;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, intervalMs);
      });
    }
    await client?.end();
  };
  const done = work();
  return {
    async stop() {
      until.ended = true;
      await done;
      return report;
    },
  };
}

/** Confirmed writes that are not in the database which was live when they were confirmed. */
export async function lostWrites(
  hermes: Installation,
  confirmed: readonly number[],
  database = 'hermes',
): Promise<number[]> {
  const rows = await hermes.sql<{ n: number }>('select n from writes', [], database);
  const there = new Set(rows.map(({ n }) => n));
  return confirmed.filter((n) => !there.has(n));
}

async function write(client: Client, n: number): Promise<{ marker: string; events: number }> {
  const { rows } = await client.query<{ marker: string; events: number }>(
    `insert into writes values ($1)
     returning (select content from marker) as marker, (select count(*)::int from call_events) as events`,
    [n],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('an insert that returned nothing');
  return row;
}

function note({ confirmed, seen }: CustomerReport, marker: string, n: number): void {
  if (seen.at(-1) !== marker) seen.push(marker);
  confirmed.set(marker, [...(confirmed.get(marker) ?? []), n]);
}

async function connect({ docker, sandbox }: Installation): Promise<Client> {
  const info = await docker.getContainer(sandbox.containers.postgres).inspect();
  const host = info.NetworkSettings.Networks[sandbox.network]?.IPAddress;
  if (host === undefined || host === '')
    throw Object.assign(new Error('no address'), { code: 'ECONNREFUSED' });
  const client = new Client({
    host,
    user: 'postgres',
    password: sandbox.secrets.postgresPassword,
    database: 'hermes',
    application_name: 'a customer',
    connectionTimeoutMillis: 60_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** SQLSTATE, or the system's name of it; a connection that ended without a word counts as ended. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return /connection (?:terminated|ended)|not queryable/i.test(error.message) ? 'ECONNRESET' : error.message;
}
