import { createHash } from 'node:crypto';
import { existsSync, readFileSync, truncateSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unpackMember, zipMembers } from '../../../src/temporal/zip-member.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { writeZip } from './written-zip.ts';

test('every file of an archive comes out as it went in, stored or packed, with its hash', async () => {
  const folder = temporaryFolder();
  let runs = 0;
  const contents = fc.array(fc.record({ data: fc.uint8Array({ maxLength: 2_000 }), packed: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(contents, async (files) => {
      runs += 1;
      const archive = join(folder, `${runs}.zip`);
      writeZip(
        archive,
        files.map(({ data, packed }, index) => ({ name: `f/${index}`, data: Buffer.from(data), packed })),
      );
      const members = await zipMembers(archive);
      expect(members.map(({ name }) => name)).toEqual(files.map((_, index) => `f/${index}`));
      for (const [index, member] of members.entries()) {
        const target = join(folder, `${runs}-${index}`);
        const sha256 = await unpackMember(archive, member, target);
        const data = Buffer.from(files[index]?.data ?? []);
        expect(readFileSync(target).equals(data)).toBe(true);
        expect(sha256).toBe(createHash('sha256').update(data).digest('hex'));
      }
    }),
    { numRuns: 25 },
  );
});

test('an archive that is cut short is refused', async () => {
  const archive = join(temporaryFolder(), 'cut.zip');
  writeZip(archive, [{ name: 'a', data: Buffer.from('content') }]);
  truncateSync(archive, statSync(archive).size - 30);
  await expect(zipMembers(archive)).rejects.toThrow('not a zip archive, or it is cut short');
});

test('a file that is no archive is refused', async () => {
  const file = join(temporaryFolder(), 'page.html');
  writeFileSync(file, '<html>not found</html>');
  await expect(zipMembers(file)).rejects.toThrow('not a zip archive');
});

test('a file that exists is never overwritten', async () => {
  const folder = temporaryFolder();
  const archive = join(folder, 'a.zip');
  writeZip(archive, [{ name: 'a', data: Buffer.from('new') }]);
  writeFileSync(join(folder, 'taken'), 'old');
  const [member] = await zipMembers(archive);
  if (member === undefined) throw new Error('no member');
  await expect(unpackMember(archive, member, join(folder, 'taken'))).rejects.toThrow('EEXIST');
  expect(readFileSync(join(folder, 'taken'), 'utf8')).toBe('old');
  expect(existsSync(join(folder, 'a'))).toBe(false);
});
