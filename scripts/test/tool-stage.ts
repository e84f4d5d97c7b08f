import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../project.ts';
import { say } from '../show.ts';
import { runNode } from './child.ts';
import { type Counts, emptyCounts } from './counts.ts';

const timeoutMs = 5 * 60_000;

/** A stage that is one tool of node_modules: its output is shown when it fails. */
export function tool(path: string, args: readonly string[]): () => Promise<Counts> {
  return () => toolCounts(join(projectRoot, 'node_modules', path), args);
}

/** A stage that is one program of scripts/. */
export function program(name: string, args: readonly string[]): () => Promise<Counts> {
  return () => toolCounts(join(projectRoot, 'dist', 'scripts', `${name}.js`), args);
}

async function toolCounts(script: string, args: readonly string[]): Promise<Counts> {
  if (!existsSync(script)) throw new Error(`${script} is missing.`);
  const { exitCode, output, late } = await runNode(script, args, { timeoutMs, capture: true });
  if (exitCode === 0) return { ...emptyCounts, passed: 1 };
  say(output.trimEnd());
  if (late !== undefined) say(late);
  return { ...emptyCounts, failed: 1 };
}
