import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { duration, type Log } from '../show.ts';

const keptLines = 30;
const quietMs = 10_000;

/**
 * Runs a program of the system and shows how far it is: every ten seconds its newest line.
 * Throws an Error with its last lines when it fails.
 */
export async function visibleCommand(
  program: string,
  args: readonly string[],
  { log, environment = {} }: { log: Log; environment?: NodeJS.ProcessEnv },
): Promise<void> {
  const startedAt = Date.now();
  const lines: string[] = [];
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (line.trim() !== '') lines.push(line);
      lines.splice(0, lines.length - keptLines);
    });
  }
  const progress = setInterval(() => {
    log(`${duration((Date.now() - startedAt) / 1000)}: ${lines.at(-1) ?? 'waiting'}`);
  }, quietMs);
  const ended = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('close', (code, signal) =>
      resolve(code === 0 ? undefined : `ended with ${signal ?? `exit code ${code}`}`),
    );
  });
  clearInterval(progress);
  if (ended !== undefined)
    throw new Error(`\`${program} ${args.join(' ')}\` ${ended}. Its last lines:\n${lines.join('\n')}`);
}
