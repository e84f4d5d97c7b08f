import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../../scripts/project.ts';
import { longest } from '../../../../scripts/test/longest-first.ts';

test('every file that is to begin first exists', () => {
  expect(longest.filter((file) => !existsSync(join(projectRoot, file)))).toEqual([]);
});
