import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-ports.ts';
import { searchAttributeNames } from './search-attributes.ts';
import {
  isRunningWith,
  readServerRecord,
  removeServerRecord,
  type ServerRecord,
  writeServerRecord,
} from './server-record.ts';
import { withStartLock } from './start-lock.ts';
import { keepRunsFor, serves } from './server-health.ts';
import { lastLines } from './command-output.ts';

const ownLineWithinMs = 5_000;

export interface DevServerOptions {
  /** The `temporal` binary: see ensureTemporalCli. */
  cliPath: string;
  /** Temporal's own database, in one file. Created when missing, with its folder. */
  databaseFile: string;
  logFile: string;
  log: (line: string) => void;
  /** Wanted ports; another free one is taken where somebody else listens. Default 7233 and 8233. */
  port?: number;
  uiPort?: number;
  /**
   * 127.0.0.1, the default, or 0.0.0.0. On any other address its own parts do not find each other: it serves, but
   * starts no run. It asks nobody for a password.
   */
  ip?: '127.0.0.1' | '0.0.0.0';
  namespace?: string;
  /** How long the record of an ended run stays in Temporal, in days. Default 90. */
  retentionDays?: number;
  /** Default 60,000. */
  startTimeoutMs?: number;
}

export interface DevServer extends ServerRecord {
  /** True when it was running already, for the same database file. */
  reused: boolean;
  /** Ends it (also one that was reused) and waits until it is gone: SIGTERM, after 15 s SIGKILL. */
  stop(): Promise<void>;
}

const stopTimeoutMs = 15_000;

/**
 * Starts the embedded development server, or finds the one that runs for the same database file, and waits until it serves.
 * It survives the process that started it: call `stop`, or leave it for the next one.
 * Throws an Error with its last log lines when it ends or does not serve in time.
 */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const databaseFile = resolve(options.databaseFile);
  await mkdir(dirname(databaseFile), { recursive: true });
  await mkdir(dirname(options.logFile), { recursive: true });
  const startTimeoutMs = options.startTimeoutMs ?? 60_000;
  return withStartLock(`${databaseFile}.starting`, startTimeoutMs, async () => {
    const found = await runningDevServer(databaseFile);
    if (found !== undefined) {
      await waitUntilServes(found, { logFile: options.logFile, startTimeoutMs });
      return found;
    }
    const before = await readServerRecord(databaseFile);
    const record = await startOnFreePorts({ ...options, databaseFile, startTimeoutMs }, before);
    await keepRunsFor(record, options.retentionDays ?? 90);
    return running(databaseFile, record, false);
  });
}

type StartOptions = DevServerOptions & { startTimeoutMs: number };

/** Links to the Web UI stay good when a restart finds the ports of the last time free. */
async function startOnFreePorts(
  options: StartOptions,
  before: ServerRecord | undefined,
): Promise<ServerRecord> {
  const ip = options.ip ?? '127.0.0.1';
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(options.port ?? before?.port ?? 7233, ip);
    const uiPort = await freePort(options.uiPort ?? before?.uiPort ?? 8233, ip);
    const started = await start(options, { ip, port, uiPort });
    if (started !== 'port taken') return started;
    // Between the look and the start somebody else took the port.
    if (attempt === 3) throw new Error('The ports chosen for Temporal were taken three times in a row.');
  }
}

async function start(
  options: StartOptions,
  { ip, port, uiPort }: { ip: string; port: number; uiPort: number },
): Promise<ServerRecord | 'port taken'> {
  const { databaseFile, logFile, startTimeoutMs, namespace = 'default' } = options;
  const log = await open(logFile, 'a');
  const { size: logStartBytes } = await log.stat();
  const child = spawn(options.cliPath, serverArguments(options, { ip, port, uiPort }), {
    // Its own process group: Ctrl-C reaches us, and we stop it after the worker has finished.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const ended = endOf(child);
  child.unref();
  await log.close();
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${options.cliPath} could not be started: ${await ended}`);
  const record: ServerRecord = {
    pid,
    address: `${ip}:${port}`,
    uiUrl: `http://${ip === '0.0.0.0' ? '127.0.0.1' : ip}:${uiPort}`,
    port,
    uiPort,
    namespace,
  };
  await writeServerRecord(databaseFile, record);
  try {
    await waitUntilServes(record, { logFile, startTimeoutMs, ended });
    await waitUntilItIsOurs(port, { logFile, logStartBytes, ended });
    return record;
  } catch (error) {
    child.kill('SIGKILL');
    await removeServerRecord(databaseFile);
    const written = (await readFile(logFile)).subarray(logStartBytes).toString();
    if (/address already in use|can't set .* port/i.test(written)) return 'port taken';
    throw error;
  }
}

function serverArguments(
  { databaseFile, namespace }: StartOptions,
  { ip, port, uiPort }: { ip: string; port: number; uiPort: number },
): string[] {
  const ports = ['--ip', ip, '--port', String(port), '--ui-port', String(uiPort)];
  const namespaces = namespace === undefined || namespace === 'default' ? [] : ['--namespace', namespace];
  const attributes = searchAttributeNames.flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  const quiet = ['--ui-disable-news-fetch', '--log-level', 'warn'];
  const database = ['--db-filename', databaseFile];
  return ['server', 'start-dev', ...database, ...ports, ...namespaces, ...attributes, ...quiet];
}

/** Resolves with the reason, in words, when the process ends. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolveEnd) => {
    child.once('error', (error) => resolveEnd(error.message));
    child.once('exit', (code, signal) => resolveEnd(`it ended with ${signal ?? `exit code ${code}`}`));
  });
}

interface WaitOptions {
  logFile: string;
  startTimeoutMs: number;
  /** Not known for a server that another process started. */
  ended?: Promise<string>;
}

async function waitUntilServes(
  record: ServerRecord,
  { logFile, startTimeoutMs, ended = new Promise<never>(() => {}) }: WaitOptions,
): Promise<void> {
  const giveUpAt = Date.now() + startTimeoutMs;
  let why: string | undefined;
  while (why === undefined) {
    if (await serves(record)) return;
    why = await Promise.race([ended, pause(50, undefined)]);
    if (Date.now() >= giveUpAt) why ??= `it did not serve within ${startTimeoutMs / 1000} s`;
  }
  const written = await readFile(logFile, 'utf8').catch(() => '');
  throw new Error(
    `Temporal's development server on ${record.address} did not start: ${why}. ` +
      `Last lines of ${logFile}:\n${lastLines(written, 10)}`,
  );
}

/**
 * Two servers that start on one port at the same moment both find it free, and what answers then may be the other one:
 * ours says so in its log a moment later and ends. Throws when it does.
 */
async function waitUntilItIsOurs(
  port: number,
  { logFile, logStartBytes, ended }: { logFile: string; logStartBytes: number; ended: Promise<string> },
): Promise<void> {
  // A version that prints something else is believed when it has not ended by then.
  for (const giveUpAt = Date.now() + ownLineWithinMs; Date.now() < giveUpAt;) {
    const written = (await readFile(logFile)).subarray(logStartBytes).toString();
    if (new RegExp(`Server:\\s+\\S+:${port}\\b`).test(written)) return;
    const why = await Promise.race([ended, pause(50, undefined)]);
    if (why !== undefined) throw new Error(`Temporal's development server did not start: ${why}.`);
  }
}

function running(databaseFile: string, record: ServerRecord, reused: boolean): DevServer {
  return { ...record, reused, stop: () => stop(databaseFile, record) };
}

async function stop(databaseFile: string, { pid }: ServerRecord): Promise<void> {
  const isRunning = (): Promise<boolean> => isRunningWith(pid, databaseFile);
  if (!(await isRunning())) return;
  send(pid, 'SIGTERM');
  for (const killAt = Date.now() + stopTimeoutMs; await isRunning(); await pause(50)) {
    if (Date.now() >= killAt) send(pid, 'SIGKILL');
  }
}

/** The development server that runs for this database file, without starting one. */
export async function runningDevServer(databaseFile: string): Promise<DevServer | undefined> {
  const file = resolve(databaseFile);
  const record = await readServerRecord(file);
  return record !== undefined && (await isRunningWith(record.pid, file))
    ? running(file, record, true)
    : undefined;
}

/** It may have gone between the look and the signal. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
