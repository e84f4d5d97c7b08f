import { readFile } from 'node:fs/promises';
import { problem, type ProblemType } from '../../problem.ts';
import { runningContainer } from '../docker/service-containers.ts';
import type { JobOutcome } from '../docker/job-container.ts';
import type { Job } from '../docker/job-settings.ts';
import type { Setting } from '../setting.ts';
import { connectionString, passwordFile } from './identifiers.ts';

const passwordPath = '/.hermes-ops-pgpass';
const authorityPath = '/.hermes-ops-ca.pem';
/** Where a job finds the backups, whatever the directory is called on the host. */
export const backupsMount = '/hermes-backups';

/**
 * A job with PostgreSQL's own tools, from the server's own image and on its network, so that they always fit it.
 * The password reaches it as a file, the database as a connection string.
 */
export async function toolsJob(
  setting: Setting,
  { step, argv, access }: { step: string; argv: string[]; access: 'ro' | 'rw' },
): Promise<Job> {
  const { database, backups } = setting.stack;
  const { image, network } = await placeOf(setting);
  return {
    step,
    image,
    argv,
    network,
    env: [`PGPASSFILE=${passwordPath}`],
    mounts: [{ source: backups.directory, target: backupsMount, readOnly: access === 'ro' }],
    files: [
      { path: passwordPath, content: passwordFile(await setting.secret(database.password)) },
      ...(database.caFile === undefined
        ? []
        : [{ path: authorityPath, content: await readFile(database.caFile, 'utf8') }]),
    ],
  };
}

/**
 * A server whose container is gone says nothing more, not even that it is gone: without keepalives a job would wait
 * for it for hours.
 */
const keepalives = {
  keepalives_idle: 5,
  keepalives_interval: 2,
  keepalives_count: 3,
  tcp_user_timeout: 20_000,
};

/** libpq's connection string for a database as a job reaches it. */
export function jobConnection({ stack }: Setting, database: string, applicationName: string): string {
  const { host, port, user, tls, caFile } = stack.database;
  return connectionString({
    host: host ?? stack.compose.services.database.service,
    port,
    user,
    dbname: database,
    application_name: applicationName,
    sslmode: tls,
    ...keepalives,
    ...(caFile === undefined ? {} : { sslrootcert: authorityPath }),
  });
}

async function placeOf(setting: Setting): Promise<{ image: string; network: string }> {
  const { host, toolsImage } = setting.stack.database;
  if (host !== undefined && toolsImage !== undefined) return { image: toolsImage, network: 'bridge' };
  const { image, networks } = await runningContainer(setting, 'database');
  return { image: toolsImage ?? image, network: networks[0]?.name ?? 'bridge' };
}

const maxLines = 6;
/** libpq's words for a server that went away or is not there yet. */
const serverAway =
  /server closed the connection|terminating connection|connection to server .* failed|could not (?:translate host name|connect|receive data|send data)|no connection to the server|database system is (?:shutting down|starting up)|connection (?:reset|timed out|refused)|no route to host/i;

/**
 * The problem that a failed job ended with: its own error lines, without the lines that quote rows (DETAIL, CONTEXT):
 * those are clients' data. A job that lost its server failed for nothing of its own: Unreachable, tried again.
 */
export function jobProblem(type: ProblemType, what: string, { exitCode, oomKilled, log }: JobOutcome): Error {
  const passing = type === 'JobFailed' && !oomKilled && serverAway.test(log);
  const lines = log
    .split('\n')
    .filter((line) => /error|fatal|could not|denied|no space/i.test(line))
    .filter((line) => !/^(?:DETAIL|CONTEXT|LINE|Command was|HINT)/.test(line.trim()))
    .map((line) => line.replace(/(invalid input syntax for [^:]*): ".*$/, '$1').slice(0, 300));
  const why = oomKilled ? 'It was killed: out of memory.' : lines.slice(0, maxLines).join(' | ');
  return problem(passing ? 'Unreachable' : type, { what: `${what} (exit ${exitCode}). ${why}`.trim() });
}
