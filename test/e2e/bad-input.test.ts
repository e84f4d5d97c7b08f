import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BackupCopy,
  copyBackup,
  cutInHalf,
  flipBit,
  replaceFile,
  reseal,
  writeManifest,
} from './support/backup-copies.ts';
import { refusalOf } from './support/refusals.ts';
import { setUpTarget, type Target } from './support/target.ts';

let target: Target;
beforeAll(async () => {
  target = await setUpTarget('bad-input');
});
afterAll(() => target?.close());

describe('the input', () => {
  const inputs: [string, unknown[], RegExp][] = [
    ['no JSON at all', [], /`backup` is missing: expected a backup id, a time/],
    ['null', [null], /`backup` is missing/],
    ['an empty object', [{}], /`backup` is missing.*A valid input: \{"backup":"latest"/],
    ['a list', [['latest']], /expected one JSON object, got \["latest"\] \(a list\)/],
    ['a text', ['latest'], /expected one JSON object, got "latest" \(string\)/],
    ['a number for a backup', [{ backup: 7 }], /`backup` is 7 \(number\): expected a backup id/],
    ['an empty backup', [{ backup: '  ' }], /`backup` is .*expected a backup id/],
    ['a very long backup', [{ backup: 'x'.repeat(101) }], /`backup` is .*at most 100 characters/],
    [
      'a text for a yes or no',
      [{ backup: 'latest', dryRun: 'yes' }],
      /`dryRun` is "yes" \(string\): expected boolean/,
    ],
    ['no duration', [{ backup: 'latest', undoWindow: 'soon' }], /`undoWindow` is "soon".*such as 90s/],
    ['no fence', [{ backup: 'latest', fence: 'wall' }], /`fence` is "wall".*"none", "read-only" or "stop"/],
    [
      'a field that there is not',
      [{ backup: 'latest', table: 'matters' }],
      /`table` is not a field; the fields are by,/,
    ],
    [
      'a backup outside of its directory',
      [{ backup: '../../etc/passwd' }],
      /`backup` is "\.\.\/\.\.\/etc\/passwd".*expected a backup id/,
    ],
    ['an absolute path', [{ backup: '/etc/passwd' }], /`backup` is "\/etc\/passwd"/],
    ['an unfinished backup', [{ backup: '.partial-x' }], /`backup` is "\.partial-x"/],
    ['a moment that there is not', [{ backup: '2026-13-45T03:00Z' }], /`backup` is "2026-13-45T03:00Z"/],
  ];
  test.each(inputs)('%s is refused at once, with the field and what is expected', async (_, input, words) => {
    const handle = await target.begin('restoreDatabase', ...input);
    expect(await refusalOf(handle)).toEqual({ type: 'InvalidInput', message: expect.stringMatching(words) });
  });

  const encodings: [string, string, string, string][] = [
    ['is not the JSON that it says it is', 'json/plain', 'latest', 'got "latest" (string)'],
    ['is in an encoding that nobody knows', 'yaml', 'backup: latest', 'got "backup: latest" (string)'],
    ['is bytes', 'binary/plain', 'latest', 'expected one JSON object'],
  ];
  test.each(encodings)('that %s is refused at once', async (_, encoding, data, words) => {
    const workflowId = `restore-from-${encoding.replace('/', '-')}`;
    await target.hermes.client.workflowService.startWorkflowExecution({
      namespace: 'default',
      workflowId,
      requestId: workflowId,
      workflowType: { name: 'restoreDatabase' },
      taskQueue: { name: target.hermes.taskQueue },
      input: { payloads: [{ metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(data) }] },
    });
    expect(await refusalOf(target.hermes.client.workflow.getHandle(workflowId))).toEqual({
      type: 'InvalidInput',
      message: expect.stringContaining(words),
    });
  });

  test('of any kind has changed nothing', () => target.servesAsBefore());
});

describe('a restore of', () => {
  test('a backup that there is not names the newest that there are', async () => {
    const handle = await target.restore({ backup: 'hermes-20200101t000000z-0badc0de' });
    expect(await refusalOf(handle)).toEqual({
      type: 'UnknownBackup',
      message: expect.stringMatching(
        new RegExp(`no backup called hermes-20200101t.*The newest: ${target.good}`),
      ),
    });
    await target.servesAsBefore();
  });

  const damages: [string, (copy: BackupCopy) => Promise<unknown>, string, RegExp][] = [
    [
      'a truncated archive',
      (copy) => cutInHalf(copy.dataFile('public.matters')),
      'DamagedBackup',
      /is damaged: dump\/\S+ \(table public\.matters\).*Choose another: the newest is/,
    ],
    [
      'an archive with one bit flipped',
      (copy) => flipBit(copy.dataFile('public.call_events')),
      'DamagedBackup',
      /is damaged: dump\/\S+ \(table public\.call_events\) (?:cannot be read|was altered)/,
    ],
    [
      'an archive without one of its files',
      (copy) => rm(copy.dataFile('public.tenants')),
      'DamagedBackup',
      /files are missing: dump\/\S+ \(table public\.tenants\)/,
    ],
    [
      'an archive with a file too many',
      (copy) => writeFile(copy.file('dump/passwd'), 'root'),
      'DamagedBackup',
      /files that its manifest does not name: dump\/passwd/,
    ],
    [
      'an archive that was cut before its checksums were taken',
      (copy) => replaceFile(copy, 'dump/toc.dat', (content) => content.subarray(0, content.length / 2)),
      'DamagedBackup',
      /pg_restore cannot read backup damaged-\d+ \(exit 1\)\. pg_restore: error/,
    ],
    [
      'a backup whose manifest was altered',
      (copy) => writeManifest(copy, { ...copy.manifest, databaseBytes: 1 }),
      'DamagedBackup',
      /The manifest of backup \S+ was altered.*its own digest/,
    ],
    [
      'a backup without a manifest',
      (copy) => rm(copy.file('manifest.json')),
      'DamagedBackup',
      /has no manifest\.json/,
    ],
    [
      'a newer server’s dump',
      async (copy) => {
        // The archive format's version is the sixth to eighth byte: 1.16 is what PostgreSQL 17 writes.
        await replaceFile(copy, 'dump/toc.dat', (content) => {
          content.writeUInt8(16, 6);
          return content;
        });
        await reseal(copy, { serverVersion: '17.2', serverVersionNum: 170_002 });
      },
      'NewerServer',
      /is of PostgreSQL 17\.2.*too old for it.*upgrade the server/,
    ],
    [
      'a newer server’s dump that the tools can read',
      (copy) => reseal(copy, { serverVersion: '16.1', serverVersionNum: 160_001 }),
      'NewerServer',
      /is of PostgreSQL 16\.1; the server is version 15/,
    ],
    [
      'a backup that is too large for the database server’s disk',
      (copy) => reseal(copy, { databaseBytes: 10 ** 15 }),
      'NotEnoughSpace',
      /database server's volume has \d+ MiB free; the restore needs \d+ MiB/,
    ],
  ];
  let copies = 0;
  test.each(damages)('%s is refused', async (_, damage, type, words) => {
    const copy = await copyBackup(target.hermes.backups, target.good, `damaged-${(copies += 1)}`);
    await damage(copy);
    const refusal = await refusalOf(await target.restore({ backup: copy.backupId }));
    expect(refusal).toEqual({ type, message: expect.stringMatching(words) });
    await target.servesAsBefore();
    await rm(copy.folder, { recursive: true });
  });
});
