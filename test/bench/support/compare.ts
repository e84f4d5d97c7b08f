import { appendFile } from 'node:fs/promises';
import type { Comparison } from '../../../scripts/bench/comparison.ts';
import { type BenchOptions, readBenchOptions } from '../../../scripts/bench/options.ts';

export const bench: BenchOptions = readBenchOptions(process.env);

/** Does both ways in turn, as often as asked, the other one first each time: what the machine does then meets both. */
export async function inTurns<Result>(
  ours: () => Promise<Result>,
  byHand: () => Promise<Result>,
): Promise<{ ours: Result[]; byHand: Result[] }> {
  const results = { ours: [] as Result[], byHand: [] as Result[] };
  for (let round = 0; round < bench.rounds; round += 1) {
    const turns = [
      async () => results.byHand.push(await byHand()),
      async () => results.ours.push(await ours()),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
  }
  return results;
}

/** For the script's table. */
export async function report(comparisons: Comparison[]): Promise<void> {
  for (const comparison of comparisons)
    await appendFile(bench.resultsFile, `${JSON.stringify(comparison)}\n`);
}

/** Its result, and how long it took in seconds. */
export async function timed<Result>(act: () => Promise<Result>): Promise<[result: Result, seconds: number]> {
  const startedMs = performance.now();
  const result = await act();
  return [result, (performance.now() - startedMs) / 1000];
}
