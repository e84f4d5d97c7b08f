import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines } from '../../src/temporal/command-output.ts';
import type { Log } from '../show.ts';

export interface StartedDockerd {
  pid: number;
  logFile: string;
  /** Why it is no longer there, with its last log lines; undefined while it runs. */
  ended(): string | undefined;
  lastLines(): string;
}

export interface StartDockerdOptions {
  stateDirectory: string;
  log: Log;
  /** Another socket than dockerd's own default. */
  socket: string | undefined;
  dockerdArguments?: readonly string[];
}

const defaultPidFile = '/var/run/docker.pid';

/** The pid of a dockerd that lives, by its pid file, though it may not answer yet. */
export function livingDockerd(args: readonly string[] = []): number | undefined {
  const pid = pidIn(pidFileOf(args));
  return pid !== undefined && isDockerd(pid) ? pid : undefined;
}

/**
 * Starts dockerd as a process of its own, which outlives this one. Its pid is noted in `dockerd.pid` of the state
 * directory, so that whoever wants only what this project started gone can tell.
 */
export function startDockerd(options: StartDockerdOptions): StartedDockerd {
  const args = [...(options.dockerdArguments ?? [])];
  if (options.socket !== undefined) args.push('--host', `unix://${options.socket}`);
  removeStalePidFile(pidFileOf(args), options.log);
  mkdirSync(options.stateDirectory, { recursive: true });
  const logFile = join(options.stateDirectory, 'dockerd.log');
  const output = openSync(logFile, 'w');
  const child = spawn('dockerd', args, { detached: true, cwd: '/', stdio: ['ignore', output, output] });
  closeSync(output);
  child.unref();
  let end: string | undefined;
  child.once('error', (error) => {
    end = error.message;
  });
  child.once('exit', (code, signal) => {
    end = `it ended with ${signal ?? `exit code ${code}`}`;
  });
  const tail = (): string => `Last lines of ${logFile}:\n${lastLines(readFileSync(logFile, 'utf8'), 15)}`;
  const { pid } = child;
  if (pid === undefined) throw new Error('dockerd could not be started: PATH has no such program.');
  writeFileSync(join(options.stateDirectory, 'dockerd.pid'), `${pid}\n`);
  options.log(`Starting dockerd (process ${pid}, log ${logFile}) …`);
  return {
    pid,
    logFile,
    ended: () => (end === undefined ? undefined : `${end}. ${tail()}`),
    lastLines: tail,
  };
}

/** dockerd refuses to start while its pid file names a living process, whoever that is by now. */
function removeStalePidFile(file: string, log: Log): void {
  const pid = pidIn(file);
  if (pid === undefined || isDockerd(pid)) return;
  log(`Removing ${file}: process ${pid} is not a dockerd.`);
  rmSync(file, { force: true });
}

function pidFileOf(args: readonly string[]): string {
  const option = args.find((argument) => argument.startsWith('--pidfile='));
  return option?.slice('--pidfile='.length) ?? defaultPidFile;
}

function pidIn(file: string): number | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim();
    return /^\d+$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

function isDockerd(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'dockerd';
  } catch {
    return false;
  }
}
