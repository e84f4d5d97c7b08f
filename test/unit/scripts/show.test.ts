import { expect, test } from 'vitest';
import { duration } from '../../../scripts/show.ts';

test('a duration reads as a person would say it', () => {
  expect(duration(0.42)).toBe('0.4 s');
  expect(duration(12.4)).toBe('12 s');
  expect(duration(185)).toBe('3 min 05 s');
});
