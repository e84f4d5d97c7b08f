import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import CliTable from 'cli-table3';
import { Command } from 'commander';
import colors from 'picocolors';
import { readEnvironment } from '../src/environment.ts';
import { type Comparison, ratio, spread } from './bench/comparison.ts';
import { type BenchOptions, benchVariables } from './bench/options.ts';
import { readJsonLines } from './json-lines.ts';
import { projectRoot } from './project.ts';
import { say } from './show.ts';
import { runNode } from './test/child.ts';
import { preparation } from './test/preparation.ts';
import { wholeNumber } from './whole-number.ts';

const longestMs = 6 * 3_600_000;

/** Measures procedures beside what an engineer does by hand, on the same data in one run. Takes a quarter of an hour and more. */
async function bench(names: string[], chosen: Omit<BenchOptions, 'resultsFile'>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hermes-ops-bench-'));
  const options = { ...chosen, resultsFile: join(folder, 'results.jsonl') };
  try {
    const prepare = preparation(readEnvironment());
    const variables = await prepare(['Docker', 'Temporal CLI', 'sandbox images']);
    const { exitCode } = await runNode(
      join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs'),
      ['run', '--project', 'bench', '--reporter=dot', ...names.map((name) => `test/bench/${name}`)],
      { timeoutMs: longestMs, variables: { ...variables, ...benchVariables(options) } },
    );
    const results = await readJsonLines<Comparison>(options.resultsFile);
    show(results);
    say(
      `${chosen.rows} matters, ${chosen.requestsPerSecond} requests a second meanwhile, ${chosen.rounds} rounds in turn`,
    );
    if (exitCode !== 0 || results.length === 0) process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function show(results: readonly Comparison[]): void {
  const table = new CliTable({
    head: ['less is better', 'hermes-ops', 'by hand', 'ratio'],
  });
  for (const result of results) {
    const { name, ours, byHand, unit } = result;
    table.push([name, spread(ours, unit), spread(byHand, unit), colors.bold(ratio(result))]);
  }
  say(table.toString());
  say(`By hand: ${[...new Set(results.map(({ way }) => way))].join('; ')}.`);
}

const program = new Command('bench')
  .description('Measures procedures beside what an engineer does by hand, and prints the ratios.')
  .argument('[names...]', 'only these files of test/bench, such as restore')
  .option('--rows <count>', 'rows of the largest table', wholeNumber, 1_000_000)
  .option('--rounds <count>', 'how often each way is measured', wholeNumber, 3)
  .option('--requests-per-second <count>', 'what customers ask meanwhile', wholeNumber, 100)
  .action(bench);

try {
  await program.parseAsync();
} catch (error) {
  say(colors.red(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}
