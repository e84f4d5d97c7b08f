import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../../scripts/project.ts';

const program = join(projectRoot, 'dist', 'src', 'cli', 'main.js');

/** Without colours, which it prints wherever CI is set. */
const environmentWith = (variables: Record<string, string>): NodeJS.ProcessEnv => ({
  ...process.env,
  NO_COLOR: '1',
  ...variables,
});

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A `hermes-ops` that goes on while the test does something else. */
export interface Command {
  /** What it printed so far. */
  lines: string[];
  /** Resolves with the first line, printed before or from now on, that matches; rejects when it ends without one. */
  line(pattern: RegExp): Promise<string>;
  /** Ctrl-C. */
  interrupt(): void;
  /** Its exit code; null when a signal ended it. */
  ended: Promise<number | null>;
}

/** `hermes-ops` to its end, whatever its exit code. */
export function hermesOps(variables: Record<string, string>, args: string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { env: environmentWith(variables), maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ exitCode, stdout, stderr });
      },
    );
  });
}

export function startCommand(variables: Record<string, string>, args: string[]): Command {
  const child = spawn(process.execPath, [program, ...args], {
    env: environmentWith(variables),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    lines,
    ended,
    interrupt: () => void child.kill('SIGINT'),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const before = lines.find((line) => pattern.test(line));
        if (before !== undefined) resolve(before);
        reader.on('line', (line) => {
          if (pattern.test(line)) resolve(line);
        });
        void ended.then((code) => {
          reject(new Error(`It ended with ${code} and never said ${pattern.source}:\n${lines.join('\n')}`));
        });
      }),
  };
}
