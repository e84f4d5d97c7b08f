import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decide,
  type LoadLook,
  type Recommendation,
  type ScalingTargets,
} from '../../../src/scaling/decide.ts';

const minuteMs = 60_000;
const policy: ScalingTargets = {
  minimum: 1,
  maximum: 6,
  askAbove: 6,
  tolerance: 0.1,
  scaleOutAfterMs: 3 * minuteMs,
  scaleInAfterMs: 10 * minuteMs,
  targets: { cpu: 0.6 },
};

const look = (
  minute: number,
  replicas: number,
  cpu: number | null,
  latencyP95Ms: number | null = null,
): LoadLook => ({
  atMs: minute * minuteMs,
  replicas,
  values: { cpu, latencyP95Ms },
});

/** What is decided at each minute of a series of looks on `replicas` containers that nobody changes. */
function decisions(
  replicas: number,
  cpus: readonly (number | null)[],
  wanted: Partial<ScalingTargets> = {},
): number[] {
  let memory: Recommendation[] = [];
  return cpus.map((cpu, minute) => {
    const decision = decide({ ...policy, ...wanted }, look(minute, replicas, cpu), memory);
    memory = decision.recommendations;
    return decision.replicas;
  });
}

interface Change {
  minute: number;
  from: number;
  to: number;
}

/** Lives through a load (CPUs that are needed, minute by minute), doing at once what is decided. */
function live(
  load: readonly number[],
  given: ScalingTargets = policy,
  start = 1,
): { changes: Change[]; replicas: number[] } {
  let now = start;
  let memory: Recommendation[] = [];
  const changes: Change[] = [];
  const replicas = load.map((cpus, minute) => {
    // A container cannot use more than all of what it may.
    const decision = decide(given, look(minute, now, Math.min(1, cpus / now)), memory);
    memory = decision.recommendations;
    if (decision.replicas !== now) changes.push({ minute, from: now, to: decision.replicas });
    now = decision.replicas;
    return now;
  });
  return { changes, replicas };
}

/** Pairs of changes in opposite directions that come sooner than the second's own window allows. */
function flaps(changes: readonly Change[], { scaleOutAfterMs, scaleInAfterMs }: ScalingTargets): Change[] {
  return changes.filter(({ minute, from, to }, index) => {
    const previous = changes[index - 1];
    if (previous === undefined || to > from === previous.to > previous.from) return false;
    return (minute - previous.minute) * minuteMs <= (to > from ? scaleOutAfterMs : scaleInAfterMs);
  });
}

describe('scaling out', () => {
  test('waits until every look of the window wanted more', () => {
    expect(decisions(1, [0.9, 0.9, 0.9, 0.9, 0.9])).toEqual([1, 1, 1, 1, 2]);
  });

  test('is put off by one look that did not', () => {
    expect(decisions(1, [0.9, 0.9, 0.3, 0.9, 0.9, 0.9, 0.9])).toEqual([1, 1, 1, 1, 1, 1, 2]);
  });

  test('goes to the least that the looks wanted, not to the last', () => {
    expect(decisions(2, [1, 0.8, 1, 1, 1]).at(-1)).toBe(3);
  });

  test('is by proportion, and never beyond the maximum', () => {
    expect(decisions(3, [1, 1, 1, 1, 1]).at(-1)).toBe(5);
    expect(decisions(5, [1, 1, 1, 1, 1]).at(-1)).toBe(6);
  });
});

describe('scaling in', () => {
  test('waits until every look of the longer window wanted fewer, and takes the most of them', () => {
    const low = [0.1, 0.1, 0.3, ...Array.from({ length: 8 }, () => 0.1)];
    expect(decisions(4, low)).toEqual(low.map(() => 4));
    expect(decisions(4, [...low, 0.1]).at(-1)).toBe(2);
  });

  test('never goes below the minimum', () => {
    const idle = Array.from({ length: 12 }, () => 0);
    expect(decisions(3, idle).at(-1)).toBe(1);
    expect(decisions(3, idle, { minimum: 2 }).at(-1)).toBe(2);
  });
});

describe('nothing is done', () => {
  test('within the tolerance', () => {
    expect(
      decisions(
        3,
        Array.from({ length: 15 }, (_, n) => (n % 2 === 0 ? 0.655 : 0.545)),
      ),
    ).toEqual(Array.from({ length: 15 }, () => 3));
  });

  test('on one look alone, whatever it says', () => {
    expect(decide(policy, look(0, 1, 1), []).replicas).toBe(1);
    expect(decide(policy, look(0, 5, 0), []).replicas).toBe(5);
  });

  test('on looks of long ago', () => {
    const memory = [0, 1, 2, 3].map((minute) => ({ atMs: minute * minuteMs, replicas: 5 }));
    expect(decide(policy, look(12, 1, 1), memory).replicas).toBe(1);
    expect(decide(policy, look(12, 1, 1), memory).recommendations).toEqual([
      { atMs: 12 * minuteMs, replicas: 1 },
      { atMs: 12 * minuteMs, replicas: 2 },
    ]);
  });

  test('where nothing could be measured', () => {
    expect(
      decisions(
        3,
        Array.from({ length: 15 }, () => null),
      ),
    ).toEqual(Array.from({ length: 15 }, () => 3));
  });

  test('and a metric that could not be measured keeps what there is', () => {
    const both = { ...policy, targets: { cpu: 0.6, latencyP95Ms: 500 } };
    let memory: Recommendation[] = [];
    for (let minute = 0; minute < 15; minute += 1) {
      const decision = decide(both, look(minute, 4, 0.1, null), memory);
      memory = decision.recommendations;
      expect(decision.replicas).toBe(4);
    }
  });
});

describe('of two metrics', () => {
  const both = { ...policy, scaleOutAfterMs: 0, scaleInAfterMs: 0, targets: { cpu: 0.6, latencyP95Ms: 500 } };
  const settled: Recommendation[] = [{ atMs: -1, replicas: 2 }];

  test('the one that wants more decides', () => {
    expect(decide(both, look(0, 2, 0.4, 900), settled).replicas).toBe(4);
    expect(decide(both, look(0, 2, 0.9, 100), settled).replicas).toBe(3);
  });

  test('latency alone adds nothing while the CPUs are idle', () => {
    const decision = decide(both, look(0, 2, 0.1, 2_000), settled);
    expect(decision).toMatchObject({
      replicas: 2,
      reason: expect.stringMatching(/more containers would not help/),
    });
  });
});

describe('a person', () => {
  const asking = { ...policy, askAbove: 3, scaleOutAfterMs: 0 };
  const settled: Recommendation[] = [{ atMs: -1, replicas: 2 }];

  test('is asked only for what is beyond the bound; up to it is done at once', () => {
    expect(decide(asking, look(0, 2, 1.5), settled)).toMatchObject({ replicas: 3, asks: false });
    expect(decide(asking, look(0, 3, 1), settled)).toMatchObject({ replicas: 5, asks: true });
  });

  test('who refused is not asked again for a while', () => {
    expect(decide(asking, look(0, 3, 1), settled, true)).toMatchObject({
      replicas: 3,
      asks: false,
      reason: expect.stringMatching(/refused not long ago/),
    });
  });

  test('is never asked about fewer', () => {
    expect(decide({ ...asking, scaleInAfterMs: 0 }, look(0, 6, 0.45), settled)).toMatchObject({
      replicas: 5,
      asks: false,
    });
  });
});

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
