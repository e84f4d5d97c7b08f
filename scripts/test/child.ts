import { type ChildProcess, spawn } from 'node:child_process';
import { projectRoot } from '../project.ts';
import { duration } from '../show.ts';

export interface ChildEnd {
  /** Undefined when a signal ended it. */
  exitCode: number | undefined;
  /** What it printed; empty when it printed straight to the screen. */
  output: string;
  /** Set when it ran out of time and was ended. */
  late?: string;
}

export interface ChildOptions {
  timeoutMs: number;
  variables?: Record<string, string>;
  /** Keeps the output for the end, instead of showing it as it comes. */
  capture?: boolean;
}

const graceMs = 30_000;

/** The program of the stage that runs now, so that an interrupt ends it first and the counts are still printed. */
export const currentChild: { process: ChildProcess | undefined; interrupted: boolean } = {
  process: undefined,
  interrupted: false,
};

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    currentChild.interrupted = true;
    // A terminal sends SIGINT to both of us by itself.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) currentChild.process?.kill(signal);
  });
}

/** Runs a JavaScript program of node_modules or of dist with this same Node. Never throws for what the program does. */
export async function runNode(
  script: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<ChildEnd> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...options.variables },
    stdio: options.capture === true ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
  });
  currentChild.process = child;
  let output = '';
  let late: string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const kill = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs + graceMs);
  const deadline = setTimeout(() => {
    late = `It was not done after ${duration(options.timeoutMs / 1000)} and was ended.`;
    child.kill('SIGTERM');
  }, options.timeoutMs);
  try {
    const exitCode = await new Promise<number | undefined>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? undefined));
    });
    return { exitCode, output, ...(late === undefined ? {} : { late }) };
  } finally {
    clearTimeout(deadline);
    clearTimeout(kill);
    currentChild.process = undefined;
  }
}
