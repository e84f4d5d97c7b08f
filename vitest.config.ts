import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/test/longest-first.ts';

const minutes = 60_000;

/** What `npm test` fetched before, so that `npx vitest --project unit` finds it too. */
function fetched(variable: string, path: string): Record<string, string> {
  const file = fileURLToPath(new URL(`.state/tools/${path}`, import.meta.url));
  return process.env[variable] === undefined && existsSync(file) ? { [variable]: file } : {};
}

const shared = {
  environment: 'node' as const,
  pool: 'forks' as const,
  retry: 0,
  env: {
    ...fetched('TEMPORAL_CLI_PATH', 'temporal-1.9.1/temporal'),
    ...fetched('TEMPORAL_TEST_SERVER_PATH', 'temporal-test-server-1.40.0/temporal-test-server'),
  },
};

/** Tests on real containers share the machine: where time or load is measured, one file after the other. */
const oneAtATime = { ...shared, fileParallelism: false, teardownTimeout: 2 * minutes };

/** Each file has a sandbox, a Temporal server and ports of its own, and waits more than it works. */
const twoAtATime = { ...shared, maxWorkers: 2, teardownTimeout: 2 * minutes };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          // Vitest's own choice leaves one core idle: half of two.
          maxWorkers: '100%',
          include: ['test/unit/**/*.test.ts'],
          // None takes seconds alone; beside other work on two cores some have taken half a minute.
          testTimeout: 2 * minutes,
          hookTimeout: minutes,
        },
      },
      {
        test: {
          ...shared,
          name: 'replay',
          include: ['test/replay/**/*.test.ts'],
          testTimeout: minutes,
          hookTimeout: minutes,
        },
      },
      {
        test: {
          ...oneAtATime,
          name: 'record',
          include: ['test/replay/**/*.record.ts'],
          testTimeout: minutes,
          hookTimeout: minutes,
        },
      },
      {
        test: {
          ...twoAtATime,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 5 * minutes,
          hookTimeout: 5 * minutes,
        },
      },
      {
        test: {
          ...twoAtATime,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          testTimeout: 20 * minutes,
          hookTimeout: 5 * minutes,
        },
      },
      {
        // By hand only: node scripts/bootstrap.mjs kill-matrix
        test: {
          ...oneAtATime,
          name: 'matrix',
          include: ['test/matrix/**/*.test.ts'],
          testTimeout: 24 * 60 * minutes,
          hookTimeout: 10 * minutes,
        },
      },
      {
        test: {
          ...oneAtATime,
          name: 'bench',
          include: ['test/bench/**/*.test.ts'],
          testTimeout: 60 * minutes,
          hookTimeout: 10 * minutes,
        },
      },
    ],
  },
});
