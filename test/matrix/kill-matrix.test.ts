import { appendFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endOf, type KillMatrixResult } from '../../scripts/kill-matrix/result.ts';
import { readKillMatrixRequest } from '../../scripts/kill-matrix/request.ts';
import { type Ground, layGround } from '../faults/support/ground.ts';
import { type Course, courses } from './courses.ts';
import { runOnce } from './run-once.ts';

/** Run by `node scripts/bootstrap.mjs kill-matrix`, which says what to kill and where the results go. */
const { procedures, wantsEvent, seeds, rows, resultsFile } = readKillMatrixRequest(process.env);

let ground: Ground;
beforeAll(async () => {
  ground = await layGround('matrix', { rows });
});
afterAll(() => ground?.close());

describe.each(procedures)('%s', (procedure) => {
  test('ends as it should wherever its worker is killed', async () => {
    const course = courses[procedure];
    const moments = (await runOnce(ground, course)).moments.filter(({ afterEvent }) =>
      wantsEvent(afterEvent),
    );
    const wrong: string[] = [];
    for (const moment of moments) {
      for (let seed = 0; seed < seeds; seed += 1) {
        const result = await killedRun(course, { procedure, ...moment, seed });
        await appendFile(resultsFile, `${JSON.stringify(result)}\n`);
        if (result.wrong.length > 0)
          wrong.push(`after event ${moment.afterEvent}: ${result.wrong.join('; ')}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

async function killedRun(
  course: Course,
  kill: Pick<KillMatrixResult, 'procedure' | 'afterEvent' | 'name' | 'seed'>,
): Promise<KillMatrixResult> {
  const startedAtMs = Date.now();
  const delayMs = delayOf(kill.seed, kill.afterEvent);
  const run = await runOnce(ground, course, { afterEvent: kill.afterEvent, delayMs }).catch(
    (error: unknown) => ({ missed: false, wrong: [String(error)] }),
  );
  const { missed, wrong } = run;
  const result = { ...kill, delayMs, seconds: (Date.now() - startedAtMs) / 1000, missed, wrong };
  const verdict = endOf(result);
  process.stdout.write(
    `${kill.procedure}, killed ${delayMs} ms after event ${kill.afterEvent} (${kill.name}): ${verdict}, ${result.seconds.toFixed(1)} s\n`,
  );
  return result;
}

const longestDelayMs = 1_500;

/** Seed 0 kills at once; the others at some moment before the next event, the same each time. */
function delayOf(seed: number, afterEvent: number): number {
  if (seed === 0) return 0;
  const mixed = Math.imul(seed * 7919 + afterEvent, 0x9e3779b1) >>> 0;
  return Math.round((mixed / 2 ** 32) * longestDelayMs);
}
