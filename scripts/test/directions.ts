import { join } from 'node:path';
import { projectRoot } from '../project.ts';
import { say } from '../show.ts';
import { runNode } from './child.ts';
import { type Counts, emptyCounts } from './counts.ts';

/** The cruiser sees nothing at all, and passes, when it cannot parse the language: src alone has more files than this. */
const fewestModules = 50;

/** Checks the directions of .dependency-cruiser.mjs. */
export async function checkDirections(): Promise<Counts> {
  const { exitCode, output } = await runNode(
    join(projectRoot, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
    ['src', 'scripts', 'test', '--config', '.dependency-cruiser.mjs', '--output-type', 'err-long'],
    { timeoutMs: 120_000, capture: true },
  );
  const problem = directionProblem(output, exitCode);
  if (problem === undefined) return { ...emptyCounts, passed: 1 };
  say(problem);
  return { ...emptyCounts, failed: 1 };
}

/** What is wrong, by what the cruiser printed; undefined when all is well and it has really looked. */
export function directionProblem(output: string, exitCode: number | undefined): string | undefined {
  if (exitCode !== 0) return output.trim();
  const modules = Number(/\((\d+) modules, \d+ dependencies cruised\)/.exec(output)?.[1] ?? 0);
  if (modules >= fewestModules) return undefined;
  return (
    `The check of the directions saw ${modules} modules, fewer than ${fewestModules}: it has not looked. ` +
    `Is @swc/core installed? It printed:\n${output.trim()}`
  );
}
