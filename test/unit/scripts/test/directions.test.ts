import { expect, test } from 'vitest';
import { directionProblem } from '../../../../scripts/test/directions.ts';

test('the check passes only when it has seen the modules', () => {
  expect(
    directionProblem('✔ no dependency violations found (174 modules, 657 dependencies cruised)', 0),
  ).toBeUndefined();
  expect(
    directionProblem('✔ no dependency violations found (0 modules, 0 dependencies cruised)', 0),
  ).toContain('saw 0 modules');
  expect(directionProblem('something new', 0)).toContain('it has not looked');
});

test('a violation is shown as the tool printed it', () => {
  expect(directionProblem('error stack-is-pure: src/stack/load.ts → src/worker/serve.ts\n', 1)).toBe(
    'error stack-is-pure: src/stack/load.ts → src/worker/serve.ts',
  );
});
