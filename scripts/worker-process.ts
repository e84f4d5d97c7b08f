import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { projectRoot } from './project.ts';

/** A worker in a process of its own. */
export interface WorkerProcess {
  pid: number;
  /** Resolves when it has ended, with its exit code, or null when a signal ended it. */
  ended: Promise<number | null>;
  /** SIGTERM: steps under way get their time. */
  stop(): Promise<void>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

const ready = 'Worker of stack';
const startTimeoutMs = 60_000;

/** Starts the compiled worker and waits until it says what it serves. Throws with its log when it ends before. */
export async function startWorkerProcess(
  variables: Record<string, string>,
  logFile: string,
): Promise<WorkerProcess> {
  await mkdir(dirname(logFile), { recursive: true });
  const log = await open(logFile, 'a');
  const { size: startBytes } = await log.stat();
  const child = spawn(process.execPath, [join(projectRoot, 'dist', 'src', 'cli', 'main.js'), 'worker'], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', log.fd],
    // Ctrl-C reaches the program that shows the run; the worker is stopped after.
    detached: true,
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('The worker could not be started.');
  const started = await firstLine(child, ended);
  child.stdout?.on('data', (chunk: Buffer) => void log.write(chunk).catch(() => undefined));
  void ended.then(() => log.close());
  if (!started)
    throw new Error(
      `The worker did not start:\n${(await readFile(logFile)).subarray(startBytes).toString()}`,
    );
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  return { pid, ended, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

/** True when the worker said that it serves; false when it ended, or was silent for too long. */
function firstLine(child: ChildProcess, ended: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    let said = '';
    const timer = setTimeout(() => resolve(false), startTimeoutMs);
    const settle = (value: boolean): void => {
      clearTimeout(timer);
      resolve(value);
    };
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(ready)) settle(true);
    });
    void ended.then(() => settle(false));
  });
}
