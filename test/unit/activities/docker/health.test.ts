import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { healthOf } from '../../../../src/activities/docker/health.ts';

const startedAtMs = Date.parse('2026-11-17T01:00:00.000Z');
const timing = { startedAtMs, intervalMs: 30_000, startPeriodMs: 0 };
const at = (second: number): string => new Date(startedAtMs + second * 1000).toISOString();

/** Checks at these seconds after the start; `x` is one that failed. */
function checks(...made: [second: number, result: '.' | 'x'][]) {
  return made.map(([second, result]) => ({
    Start: at(second),
    ExitCode: result === 'x' ? 1 : 0,
    Output: result === 'x' ? 'trying\ncurl: (60) certificate\n' : 'ok',
  }));
}

describe('what Docker’s checks say', () => {
  test('is nothing for a container without one, and no time before the first', () => {
    expect(healthOf(undefined, timing)).toBeNull();
    expect(healthOf({ Status: 'none', FailingStreak: 0, Log: [] }, timing)).toBeNull();
    expect(healthOf({ Status: 'starting', FailingStreak: 0, Log: [] }, timing)).toMatchObject({
      status: 'starting',
      since: null,
    });
  });

  test('is healthy from the first check on that passed, or longer where Docker has forgotten', () => {
    const log = checks([30, 'x'], [60, '.'], [90, '.']);
    expect(healthOf({ Status: 'healthy', FailingStreak: 0, Log: log }, timing)).toMatchObject({
      since: at(60),
      orLonger: false,
      said: '',
    });
    const later = checks([3000, '.'], [3030, '.'], [3060, '.']);
    expect(healthOf({ Status: 'healthy', FailingStreak: 0, Log: later }, timing)).toMatchObject({
      since: at(3000),
      orLonger: true,
    });
  });

  test('is unhealthy from the first check on that failed, with what the last one wrote last', () => {
    const log = checks([1000, '.'], [1030, 'x'], [1060, 'x'], [1090, 'x']);
    expect(healthOf({ Status: 'unhealthy', FailingStreak: 3, Log: log }, timing)).toEqual({
      status: 'unhealthy',
      since: at(1030),
      orLonger: false,
      neverPassed: false,
      said: 'curl: (60) certificate',
    });
  });

  test('reckons a long streak back by how often Docker looks', () => {
    const log = checks([9880, 'x'], [9910, 'x'], [9940, 'x'], [9970, 'x'], [10_000, 'x']);
    expect(healthOf({ Status: 'unhealthy', FailingStreak: 101, Log: log }, timing)).toMatchObject({
      since: at(7000),
      neverPassed: false,
    });
  });

  test('has never passed where it failed at every look since the start', () => {
    const log = checks([9880, 'x'], [9910, 'x'], [9940, 'x'], [9970, 'x'], [10_000, 'x']);
    expect(healthOf({ Status: 'unhealthy', FailingStreak: 333, Log: log }, timing)).toMatchObject({
      since: at(0),
      neverPassed: true,
    });
    const young = checks([30, 'x'], [60, 'x'], [90, 'x']);
    expect(healthOf({ Status: 'unhealthy', FailingStreak: 3, Log: young }, timing)).toMatchObject({
      since: at(30),
      neverPassed: true,
    });
  });

  test('counts no failures within the start period', () => {
    const log = checks([640, 'x'], [670, 'x'], [700, 'x']);
    const slow = { ...timing, startPeriodMs: 600_000 };
    const record = { Status: 'unhealthy', FailingStreak: 3, Log: log };
    expect(healthOf(record, slow)?.neverPassed).toBe(true);
    expect(healthOf(record, timing)?.neverPassed).toBe(false);
  });
});

test('whatever Docker has kept, health begins neither before the start nor after the last check, and says one short line', () => {
  const check = fc.record({
    second: fc.nat(100_000),
    ExitCode: fc.integer({ min: -1, max: 255 }),
    Output: fc.string({
      unit: fc.constantFrom('a', ' ', '…', '\t', '\r', '\n', '\u001B', '\u200B', 'long '.repeat(30)),
    }),
  });
  fc.assert(
    fc.property(
      fc.constantFrom('starting', 'healthy', 'unhealthy'),
      fc.nat(1_000_000),
      fc.array(check, { maxLength: 5 }),
      (Status, FailingStreak, made) => {
        const Log = made
          .toSorted((a, b) => a.second - b.second)
          .map(({ second, ...rest }) => ({ ...rest, Start: at(second) }));
        const health = healthOf({ Status, FailingStreak, Log }, timing);
        expect(health?.said).not.toMatch(/\p{Cc}/u);
        expect(health?.said.length).toBeLessThanOrEqual(120);
        if (Log.length === 0) return;
        expect(health?.since && health.since >= at(0) && health.since <= (Log.at(-1)?.Start ?? '')).toBe(
          true,
        );
      },
    ),
  );
});
