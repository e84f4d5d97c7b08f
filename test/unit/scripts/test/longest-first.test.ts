import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../../../scripts/project.ts';
import { longest } from '../../../../scripts/test/longest-first.ts';

test.each(longest)('%s, which is to begin among the first, exists', (file) => {
  expect(existsSync(join(projectRoot, file))).toBe(true);
});
