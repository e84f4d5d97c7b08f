import { expect, it } from 'vitest';
import { sandboxFolders } from '../../../../scripts/sandbox/folders.ts';

it('each project has a folder of its own in the state folder', () => {
  expect(sandboxFolders('/state', 'hermes').envFile).toBe('/state/sandbox/hermes/env');
});

it.each(['', '../x', 'A', 'a/b', '-a', 'a'.repeat(42)])('%j is no name of a project', (project) => {
  expect(() => sandboxFolders('/state', project)).toThrow('project is');
});
