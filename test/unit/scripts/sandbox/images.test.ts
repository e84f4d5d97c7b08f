import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { contentHash, imageNames } from '../../../../scripts/sandbox/images.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'images-'));
  await mkdir(join(folder, 'code'));
  await writeFile(join(folder, 'code', 'main.py'), 'print(1)');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('the same content has the same tag, wherever it lies', async () => {
  const before = await contentHash([folder]);
  const elsewhere = await mkdtemp(join(tmpdir(), 'images-'));
  await mkdir(join(elsewhere, 'code'));
  await writeFile(join(elsewhere, 'code', 'main.py'), 'print(1)');
  expect(await contentHash([elsewhere])).toBe(before);
  await rm(elsewhere, { recursive: true });
});

it('a changed, added or renamed file changes the tag', async () => {
  const tags = [await contentHash([folder])];
  await writeFile(join(folder, 'code', 'main.py'), 'print(2)');
  tags.push(await contentHash([folder]));
  await writeFile(join(folder, 'code', 'more.py'), '');
  tags.push(await contentHash([folder]));
  await rm(join(folder, 'code', 'more.py'));
  await writeFile(join(folder, 'code', 'other.py'), '');
  tags.push(await contentHash([folder]));
  expect(new Set(tags).size).toBe(4);
});

it('what Python leaves behind does not change the tag', async () => {
  const before = await contentHash([folder]);
  await mkdir(join(folder, 'code', '__pycache__'));
  await writeFile(join(folder, 'code', '__pycache__', 'main.pyc'), 'x');
  expect(await contentHash([folder])).toBe(before);
});

it('each service has an image of its own, with a tag of twelve digits', async () => {
  const names = await imageNames();
  expect(Object.keys(names)).toEqual(['api', 'postgres', 'redis', 'nginx']);
  for (const [service, name] of Object.entries(names))
    expect(name).toMatch(new RegExp(`^hermes-sandbox-${service}:[0-9a-f]{12}$`));
});
