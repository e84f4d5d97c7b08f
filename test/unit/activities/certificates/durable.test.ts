import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureFolder, refusal } from '../../../../src/activities/certificates/durable.ts';
import { problemTypeOf } from '../../../../src/problem.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-ops-durable-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a folder is made with those above it, and twice is once', async () => {
  const wanted = join(folder, 'a', 'b', 'c');
  await ensureFolder(wanted);
  await ensureFolder(wanted);
  expect((await stat(wanted)).isDirectory()).toBe(true);
});

test('a folder that cannot be made below a file is refused for good', async () => {
  await writeFile(join(folder, 'file'), '');
  const error: unknown = await ensureFolder(join(folder, 'file', 'below', 'it')).catch(
    (thrown: unknown) => thrown,
  );
  expect(problemTypeOf(refusal('The webroot', error))).toBe('CannotInstall');
});

test('a folder that cannot be made where the kernel allows none is not tried for ever', async () => {
  await expect(ensureFolder('/proc/hermes-ops/below')).rejects.toThrow(/ENOENT|EACCES|EROFS|EPERM/);
});
