import { describe, expect, test } from 'vitest';
import { median, ratio, spread } from '../../../../scripts/bench/comparison.ts';

describe('a comparison', () => {
  test.each<[number[], number]>([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 2, 3], 2.5],
  ])('of %j has the middle %d', (values, middle) => {
    expect(median(values)).toBe(middle);
  });

  test('says the middle with the least and the most', () => {
    expect(spread([11.94, 12.41, 13.02], 's')).toBe('12.4 s (11.9 to 13)');
    expect(spread([44.3], 'MB')).toBe('44.3 MB');
    expect(spread([1691, 1316, 1445], 'requests')).toBe('1445 requests (1316 to 1691)');
  });

  test.each<[number[], number[], string]>([
    [[0.3], [15], '0.020'],
    [[12], [7], '1.7'],
    [[0], [315], 'none : 315'],
    [[4], [0], '4 : none'],
    [[0], [0], 'none : none'],
  ])('of %j and %j is %s: nothing is never divided by', (ours, byHand, text) => {
    expect(ratio({ ours, byHand })).toBe(text);
  });
});
