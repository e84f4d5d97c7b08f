import { describe, expect, test } from 'vitest';
import { decide, type Recommendation, type ScalingTargets } from '../../../src/scaling/decide.ts';
import { look, minuteMs, policy } from './loads.ts';

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
