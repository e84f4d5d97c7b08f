import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../../../scripts/project.ts';

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

export function startCommand(variables: Record<string, string>, args: string[]): Command {
  const child = spawn(process.execPath, [join(projectRoot, 'dist', 'src', 'cli', 'main.js'), ...args], {
    // A CI that sets CI would get its lines in colours.
    env: { ...process.env, NO_COLOR: '1', ...variables },
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
