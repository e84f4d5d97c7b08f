import type { Counts } from './counts.ts';
import { checkDirections } from './directions.ts';
import type { Need } from './preparation.ts';
import { program, tool } from './tool-stage.ts';
import { vitestProject } from './vitest-stage.ts';

export interface Stage {
  name: string;
  /** What is well when it passes. */
  promise: string;
  needs: readonly Need[];
  run(variables: Record<string, string>): Promise<Counts>;
}

export interface StageResult {
  name: string;
  counts: Counts;
  seconds: number;
}

const realStack = ['Docker', 'Temporal CLI', 'sandbox images'] as const satisfies Need[];
const minutes = 60_000;

/** In the order in which a mistake shows soonest. */
export const stages: readonly Stage[] = [
  {
    name: 'types',
    promise: 'every type checks',
    needs: [],
    run: tool('typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.json']),
  },
  {
    name: 'format',
    promise: 'every file is formatted (npm run format does it)',
    needs: [],
    run: tool('oxfmt/bin/oxfmt', ['--check']),
  },
  {
    name: 'lint',
    promise: 'no known mistake, no forgotten promise',
    needs: [],
    run: tool('oxlint/bin/oxlint', ['--type-aware', '--deny-warnings']),
  },
  { name: 'directions', promise: 'dependencies point one way', needs: [], run: checkDirections },
  {
    name: 'unused',
    promise: 'no unused file, export or package',
    needs: [],
    run: tool('knip/bin/knip.js', []),
  },
  {
    name: 'generated',
    promise: 'generated files are up to date (npm run generate does it)',
    needs: [],
    run: program('generate-schema', ['--check']),
  },
  {
    name: 'unit',
    promise: 'the parts, with skipped time where time matters',
    needs: ['Temporal test server', 'Temporal CLI'],
    run: vitestProject('unit', { timeoutMs: 15 * minutes }),
  },
  {
    name: 'replay',
    promise: 'recorded histories still replay',
    needs: [],
    run: vitestProject('replay', { timeoutMs: 10 * minutes }),
  },
  {
    name: 'e2e',
    promise: 'procedures on real containers, and through the Web UI',
    needs: [...realStack, 'Chromium'],
    run: vitestProject('e2e', { timeoutMs: 40 * minutes }),
  },
  {
    name: 'faults',
    promise: 'killed, terminated and reset at every moment',
    needs: realStack,
    run: vitestProject('faults', { timeoutMs: 40 * minutes }),
  },
];

/** The named stages in their usual order, or all. Throws an Error that lists the names for one that is unknown. */
export function chooseStages(names: readonly string[]): readonly Stage[] {
  const unknown = names.filter((name) => stages.every((stage) => stage.name !== name));
  if (unknown.length > 0)
    throw new Error(
      `There is no stage ${unknown.join(', ')}. Expected: ${stages.map((stage) => stage.name).join(', ')}.`,
    );
  return names.length === 0 ? stages : stages.filter((stage) => names.includes(stage.name));
}
