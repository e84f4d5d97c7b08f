import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import CliTable from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import colors from 'picocolors';
import { readEnvironment } from '../src/environment.ts';
import {
  atTaskStarts,
  eventRanges,
  type KillMatrixOptions,
  type KillMatrixProcedure,
  killMatrixProcedures,
  killMatrixVariables,
} from './kill-matrix/request.ts';
import { endOf, type KillMatrixResult } from './kill-matrix/result.ts';
import { readJsonLines } from './json-lines.ts';
import { projectRoot } from './project.ts';
import { duration, say } from './show.ts';
import { type ChildEnd, runNode } from './test/child.ts';
import { preparation } from './test/preparation.ts';
import { wholeNumber } from './whole-number.ts';

const longestMs = 24 * 3_600_000;

type Chosen = Omit<KillMatrixOptions, 'resultsFile'>;

interface Tests {
  project: 'matrix' | 'faults';
  file: string;
  reporter: 'dot' | 'verbose';
}

async function vitest(tests: Tests, own: Record<string, string>): Promise<ChildEnd> {
  const { project, file, reporter } = tests;
  const prepare = preparation(readEnvironment());
  const prepared = await prepare(['Docker', 'Temporal CLI', 'sandbox images']);
  return runNode(
    join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs'),
    ['run', '--project', project, `--reporter=${reporter}`, `test/${project}/${file}`],
    { timeoutMs: longestMs, variables: { ...prepared, ...own } },
  );
}

/** What is killed at every step of one run, and not once a run. */
interface InOneRun {
  scaling: boolean;
  renewal: boolean;
  taskStarts: boolean;
}

async function main({ scaling, renewal, taskStarts, ...chosen }: Chosen & InOneRun): Promise<void> {
  if (!scaling && !renewal) {
    if (taskStarts)
      throw new Error('--task-starts came alone. Expected with it: --scaling, --renewal or both.');
    return killMatrix(chosen);
  }
  if (scaling) await killedInOneRun({ project: 'matrix', file: 'scaling-killed.test.ts' }, taskStarts);
  if (renewal)
    await killedInOneRun({ project: 'faults', file: 'renewal-killed-at-every-event.test.ts' }, taskStarts);
}

async function killedInOneRun(tests: Pick<Tests, 'project' | 'file'>, taskStarts: boolean): Promise<void> {
  const { exitCode } = await vitest({ ...tests, reporter: 'verbose' }, taskStarts ? atTaskStarts : {});
  if (exitCode !== 0) process.exitCode = 1;
}

/** A fresh run for every event of a procedure, with its worker killed right after it. Takes hours: run by hand. */
async function killMatrix(chosen: Chosen): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hermes-ops-matrix-'));
  const options = { ...chosen, resultsFile: join(folder, 'results.jsonl') };
  try {
    const { exitCode } = await vitest(
      { project: 'matrix', file: 'kill-matrix.test.ts', reporter: 'dot' },
      killMatrixVariables(options),
    );
    const results = await readJsonLines<KillMatrixResult>(options.resultsFile);
    show(results);
    const bad = results.filter(({ wrong }) => wrong.length > 0).length;
    const killed = results.filter(({ missed }) => !missed).length;
    say(
      `\n${results.length} runs, ${killed} of them with a kill: ${results.length - bad} as they should, ${bad} not`,
    );
    if (exitCode !== 0 || bad > 0 || killed === 0) process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function show(results: readonly KillMatrixResult[]): void {
  const table = new CliTable({ head: ['procedure', 'killed after event', 'later by', 'took', 'end'] });
  for (const { procedure, afterEvent, name, delayMs, seconds, ...ended } of results) {
    const end = (ended.wrong.length === 0 ? colors.green : colors.red)(endOf(ended));
    table.push([procedure, `${afterEvent} ${name}`, `${delayMs} ms`, duration(seconds), end]);
  }
  say(table.toString());
}

function procedureNames(text: string): KillMatrixProcedure[] {
  return text.split(',').map((name) => {
    const found = killMatrixProcedures.find((procedure) => procedure === name);
    if (found === undefined) throw new InvalidArgumentError(`Expected ${killMatrixProcedures.join(', ')}.`);
    return found;
  });
}

function eventNumbers(text: string): string {
  try {
    eventRanges(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  return text;
}

const program = new Command('kill-matrix')
  .description('Kills the worker once a run, after every event in turn, and checks how each run ends.')
  .option('--procedures <names>', 'which, with commas', procedureNames, [...killMatrixProcedures])
  .option('--events <numbers>', 'only after these events: 12 or 5-40, with commas', eventNumbers, '')
  .option('--seeds <count>', 'runs for each event, killed at different moments after it', wholeNumber, 1)
  .option('--rows <count>', 'rows of the largest table', wholeNumber, 5_000)
  .option('--scaling', 'scalings and restarts of the api instead, disturbed after each of their steps', false)
  .option('--renewal', 'renewals of the certificate instead, killed after each of their steps', false)
  .option('--task-starts', 'with these two: also where a worker has only been given a task', false)
  .action(main);

try {
  await program.parseAsync();
} catch (error) {
  say(colors.red(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}
