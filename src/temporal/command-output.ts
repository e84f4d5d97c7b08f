import { spawn } from 'node:child_process';

export interface CommandOutput {
  /** Undefined when a signal ended it. */
  exitCode: number | undefined;
  /** Standard output and standard error as they came. */
  output: string;
}

export interface CommandOptions {
  timeoutMs: number;
  environment?: NodeJS.ProcessEnv;
}

/**
 * Runs a program without a shell and collects what it prints.
 * Throws when it cannot be started, and when it is not done after `timeoutMs` (it is killed then).
 */
export function commandOutput(
  program: string,
  args: readonly string[],
  { timeoutMs, environment = process.env }: CommandOptions,
): Promise<CommandOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let late = false;
    const deadline = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
      });
    }
    child.once('error', (error) => {
      clearTimeout(deadline);
      reject(new Error(`${program} could not be started: ${error.message}`, { cause: error }));
    });
    child.once('close', (code) => {
      clearTimeout(deadline);
      if (late) reject(new Error(`${program} was not done after ${timeoutMs / 1000} s. It was ended.`));
      else resolve({ exitCode: code ?? undefined, output });
    });
  });
}

/** The end of what a program printed, for an error that has to show it. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
