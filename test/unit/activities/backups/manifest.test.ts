import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readManifest, sealed } from '../../../../src/activities/backups/manifest.ts';
import { manifestOf, publish, settingWithFolder } from './folder-of-backups.ts';

async function reading(content: unknown): Promise<unknown> {
  const { stack } = await settingWithFolder();
  const { directory } = stack.backups;
  await mkdir(join(directory, 'b'));
  await writeFile(join(directory, 'b', 'manifest.json'), JSON.stringify(content));
  return readManifest(directory, 'b');
}

describe('a manifest', () => {
  test('comes back as it was sealed', async () => {
    const setting = await settingWithFolder();
    await publish(setting, 'b');
    expect(await readManifest(setting.stack.backups.directory, 'b')).toEqual(sealed(manifestOf('b')));
  });

  test('has the same digest whatever the order of its keys', () => {
    const content = manifestOf('b');
    const reversed = Object.fromEntries(Object.entries(content).toReversed());
    expect(sealed({ ...content, ...reversed }).digest).toBe(sealed(content).digest);
    expect(sealed(manifestOf('b', { reason: 'another' })).digest).not.toBe(sealed(content).digest);
  });

  test.each([
    ['a changed count', { ...sealed(manifestOf('b')), databaseBytes: 1 }],
    ['a table less', { ...sealed(manifestOf('b')), tables: [] }],
    ['no digest', manifestOf('b')],
    ['a field that nobody knows', { ...sealed(manifestOf('b')), extra: true }],
    ['a later version', { ...sealed(manifestOf('b')), version: 2 }],
    ['a count that no number holds', { ...sealed(manifestOf('b')), databaseBytes: 2 ** 60 }],
    ['a list', []],
    ['nothing', null],
  ])('with %s is refused', async (_, content) => {
    await expect(reading(content)).rejects.toMatchObject({ type: 'DamagedBackup', nonRetryable: true });
  });
});
