import { expect, test } from 'vitest';
import { chooseStages, stages } from '../../../../scripts/test/stages.ts';

test('without names every stage runs; with names only those, in their usual order', () => {
  expect(chooseStages([])).toBe(stages);
  expect(chooseStages(['unit', 'types']).map(({ name }) => name)).toEqual(['types', 'unit']);
});

test('an unknown stage is refused with the list of the known ones', () => {
  expect(() => chooseStages(['unit', 'units'])).toThrow(
    'There is no stage units. Expected: types, format, lint',
  );
});
