import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ScalingTargets } from '../../../src/scaling/decide.ts';
import { flaps, live, minuteMs, policy } from './loads.ts';

const load = fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { minLength: 1, maxLength: 200 });
const anyPolicy = fc
  .record({
    minimum: fc.integer({ min: 1, max: 3 }),
    above: fc.integer({ min: 0, max: 6 }),
    askAbove: fc.integer({ min: 1, max: 9 }),
    tolerance: fc.double({ min: 0, max: 0.5, noNaN: true }),
    out: fc.integer({ min: 0, max: 6 }),
    in: fc.integer({ min: 0, max: 15 }),
    cpu: fc.double({ min: 0.05, max: 1, noNaN: true }),
  })
  .map(({ minimum, above, askAbove, tolerance, out, in: inwards, cpu }): ScalingTargets => ({
    minimum,
    maximum: minimum + above,
    askAbove,
    tolerance,
    scaleOutAfterMs: out * minuteMs,
    scaleInAfterMs: inwards * minuteMs,
    targets: { cpu },
  }));

describe('any load', () => {
  test('never makes it flap: no change is undone within the window of its direction', () => {
    fc.assert(
      fc.property(load, anyPolicy, (series, given) => {
        expect(flaps(live(series, given, given.minimum).changes, given)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('keeps it within its bounds', () => {
    fc.assert(
      fc.property(load, anyPolicy, (series, given) => {
        for (const replicas of live(series, given, given.minimum).replicas) {
          expect(replicas).toBeGreaterThanOrEqual(given.minimum);
          expect(replicas).toBeLessThanOrEqual(given.maximum);
        }
      }),
    );
  });

  test('that stays the same ends in a number that stays the same', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 8, noNaN: true }), anyPolicy, (cpus, given) => {
        const { replicas } = live(
          Array.from({ length: 300 }, () => cpus),
          given,
          given.minimum,
        );
        expect(new Set(replicas.slice(-100)).size).toBe(1);
      }),
    );
  });
});

describe('a recorded load, busy with a pause, as if a second were a minute and six containers’ worth of it', () => {
  async function recorded(): Promise<number[]> {
    const { cpuShares }: { cpuShares: number[] } = JSON.parse(
      await readFile(new URL('recorded-load.json', import.meta.url), 'utf8'),
    );
    return cpuShares.map((share) => share * 6);
  }

  test('scales out, holds through the pause, and comes back', async () => {
    const cpus = await recorded();
    const { changes } = live(cpus, policy);
    expect(flaps(changes, policy)).toEqual([]);
    expect(changes.length).toBeLessThanOrEqual(6);
    expect(changes.some(({ from, to }) => to > from)).toBe(true);
    expect(changes.at(-1)).toMatchObject({ to: 1 });
  });

  test('would flap without windows, so the test can fail', async () => {
    const cpus = await recorded();
    const given = { ...policy, scaleOutAfterMs: 0, scaleInAfterMs: 0 };
    expect(live(cpus, given).changes.length).toBeGreaterThan(6);
  });
});
