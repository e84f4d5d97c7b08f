import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { lastLines } from '../../src/temporal/command-output.ts';
import { isRunningWith } from '../../src/temporal/server-record.ts';
import { projectRoot } from '../project.ts';

export interface WorkerProcessOptions {
  client: Client;
  namespace: string;
  taskQueue: string;
  /** The folder for its log and its pid. */
  directory: string;
  /** Added to this process's environment. */
  variables: Record<string, string>;
}

export interface WorkerProcess {
  pid: number;
  logFile: string;
  /** Sends the signal (SIGKILL by default is not gentle: that is the point) and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

const program = join(projectRoot, 'dist', 'src', 'cli', 'main.js');
const startTimeoutMs = 60_000;

/**
 * Starts `hermes-ops worker` as a process of its own and waits until Temporal sees it poll.
 * One that an interrupted demo left is ended first. Throws an Error with its last lines when it does not start.
 */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  mkdirSync(options.directory, { recursive: true });
  const pidFile = join(options.directory, 'worker.pid');
  const logFile = join(options.directory, 'worker.log');
  await endLeftover(pidFile);
  const output = openSync(logFile, 'a');
  // Its own process group: a Ctrl-C is for the demo, which then ends the worker.
  const child = spawn(process.execPath, [program, 'worker'], {
    cwd: projectRoot,
    env: { ...process.env, ...options.variables },
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  child.unref();
  const { pid } = child;
  if (pid === undefined) throw new Error(`${process.execPath} could not be started.`);
  writeFileSync(pidFile, `${pid}\n`);
  await untilItPolls(pid, logFile, options);
  return { pid, logFile, end: (signal = 'SIGTERM') => end(pid, signal) };
}

async function untilItPolls(
  pid: number,
  logFile: string,
  { client, namespace, taskQueue }: WorkerProcessOptions,
): Promise<void> {
  for (const giveUpAt = Date.now() + startTimeoutMs; Date.now() < giveUpAt; await pause(100)) {
    const { pollers } = await client.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    });
    // The SDK names a worker PID@HOST.
    if (pollers?.some(({ identity }) => identity?.startsWith(`${pid}@`) ?? false) ?? false) return;
    if (!(await isRunningWith(pid, program))) break;
  }
  throw new Error(
    `The worker did not start. Last lines of ${logFile}:\n${lastLines(readFileSync(logFile, 'utf8'), 15)}`,
  );
}

async function endLeftover(pidFile: string): Promise<void> {
  let text: string;
  try {
    text = readFileSync(pidFile, 'utf8').trim();
  } catch {
    return;
  }
  if (/^\d+$/.test(text)) await end(Number(text), 'SIGTERM');
}

async function end(pid: number, signal: NodeJS.Signals): Promise<void> {
  if (!(await isRunningWith(pid, program))) return;
  process.kill(pid, signal);
  while (await isRunningWith(pid, program)) await pause(50);
}
