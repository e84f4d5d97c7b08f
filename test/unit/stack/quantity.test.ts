import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDuration, parseSize } from '../../../src/stack/quantity.ts';

const msOf = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const bytesOf = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };

/** The shortest whole text for a value, in the largest unit that it is a multiple of. */
function write(value: number, units: Record<string, number>): string {
  const [unit, factor] = Object.entries(units).findLast(([, size]) => value % size === 0) ?? ['', 1];
  return `${value / factor}${unit}`;
}

test('a duration that is written in any unit reads as the same milliseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3650 * msOf.d }), (durationMs) => {
      expect(parseDuration(write(durationMs, msOf))).toBe(durationMs);
      expect(parseDuration(`${durationMs}ms`)).toBe(durationMs);
    }),
  );
});

test('a size that is written in any unit reads as the same bytes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1024 * bytesOf.TiB }), (sizeBytes) => {
      expect(parseSize(write(sizeBytes, bytesOf))).toBe(sizeBytes);
      expect(parseSize(`${sizeBytes} B`)).toBe(sizeBytes);
    }),
  );
});

test('any text reads as a safe whole number or not at all', () => {
  const digitsAndUnits = fc.string({ unit: fc.constantFrom(...Array.from('0123456789. msdhKMGTiB-+e')) });
  fc.assert(
    fc.property(fc.oneof(fc.string(), digitsAndUnits), (text) => {
      const odd = [parseDuration(text), parseSize(text)].filter(
        (value) => value !== undefined && !(Number.isSafeInteger(value) && value >= 0),
      );
      expect(odd).toEqual([]);
    }),
  );
});

test.each([
  '',
  '5',
  '5 apples',
  '-5s',
  '5S',
  '1e3s',
  '1h30m',
  ' 5s',
  '5s\n',
  '.5s',
  'NaNs',
  '3651d',
  '9'.repeat(400) + 'd',
])('the duration %j is refused', (text) => expect(parseDuration(text)).toBeUndefined());

test.each(['', '5', '5GB', '5gib', '-1B', '0x10B', '1025TiB'])('the size %j is refused', (text) =>
  expect(parseSize(text)).toBeUndefined(),
);

test('parts of a unit are rounded to whole milliseconds and bytes', () => {
  expect(parseDuration('1.5h')).toBe(5_400_000);
  expect(parseDuration('0.0004s')).toBe(0);
  expect(parseSize('1.5KiB')).toBe(1536);
});
