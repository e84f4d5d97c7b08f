import colors from 'picocolors';
import { readEnvironment } from '../src/environment.ts';
import { duration, say } from './show.ts';
import { emptyCounts, closingLine, sum } from './test/counts.ts';
import { currentChild } from './test/child.ts';
import { type Need, preparation } from './test/preparation.ts';
import { chooseStages, type Stage, type StageResult } from './test/stages.ts';

/** `npm test`: every stage, or only those named. The last line counts; the exit code says whether all is well. */
async function main(names: readonly string[]): Promise<number> {
  const prepare = preparation(readEnvironment());
  const results: StageResult[] = [];
  for (const stage of chooseStages(names)) {
    const result = await runStage(stage, prepare);
    results.push(result);
    if (currentChild.interrupted) break;
  }
  say(`\n${colors.bold('Stages')}`);
  for (const result of results) say(summaryOf(result));
  const counts = sum(results.map((result) => result.counts));
  say(`\n${closingLine(counts)}`);
  return counts.failed === 0 && !currentChild.interrupted ? 0 : 1;
}

type Prepare = (needs: readonly Need[]) => Promise<Record<string, string>>;

/** A stage that cannot even be prepared has failed; the ones after it go on. */
async function runStage(stage: Stage, prepare: Prepare): Promise<StageResult> {
  const startedAt = Date.now();
  say(`\n${colors.bold(`▸ ${stage.name}`)}: ${stage.promise}`);
  const counts = await prepare(stage.needs)
    .then((variables) => stage.run(variables))
    .catch((error: unknown) => {
      say(colors.red(error instanceof Error ? error.message : String(error)));
      return { ...emptyCounts, failed: 1 };
    });
  const result = { name: stage.name, counts, seconds: (Date.now() - startedAt) / 1000 };
  say(summaryOf(result));
  return result;
}

function summaryOf({ name, counts, seconds }: StageResult): string {
  const mark = counts.failed === 0 ? colors.green('✓') : colors.red('✗');
  return `${mark} ${name.padEnd(12)} ${closingLine(counts)} (${duration(seconds)})`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(colors.red(error instanceof Error ? error.message : String(error)));
  say('\n0 passed, 1 failed');
  process.exitCode = 1;
}
