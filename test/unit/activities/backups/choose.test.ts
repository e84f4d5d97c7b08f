import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, constantFrom, date, property, string } from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { chooseBackup, listBackups, parseMoment } from '../../../../src/activities/backups/choose.ts';
import type { Setting } from '../../../../src/activities/setting.ts';
import { publish, settingWithFolder } from './folder-of-backups.ts';

const now = new Date('2026-11-18T12:00:00Z');

let setting: Setting;
beforeAll(async () => {
  setting = await settingWithFolder();
  await publish(setting, 'b-monday', { snapshotAt: '2026-11-16T03:00:00.000Z' });
  await publish(setting, 'b-tuesday', { snapshotAt: '2026-11-17T03:00:00.000Z' });
  await publish(setting, 'b-wednesday', { snapshotAt: '2026-11-18T03:00:00.000Z' });
  await publish(setting, 'b-safety', { snapshotAt: '2026-11-18T11:00:00.000Z', kind: 'safety' });
  await publish(setting, 'b-other-stack', { snapshotAt: '2026-11-18T11:30:00.000Z', stack: 'staging' });
  const { directory } = setting.stack.backups;
  await mkdir(join(directory, 'b-broken'));
  await writeFile(join(directory, 'b-broken', 'manifest.json'), '{"version": 1');
  await mkdir(join(directory, '.partial-b-unfinished'));
  await writeFile(join(directory, 'a-file'), '');
});

async function choose(wanted: string): Promise<string> {
  return chooseBackup(setting, wanted, now);
}

describe('the backup that is meant', () => {
  test.each([
    ['latest', 'b-wednesday'],
    ['b-monday', 'b-monday'],
    ['b-safety', 'b-safety'],
    ['b-other-stack', 'b-other-stack'],
    ['2026-11-18T03:00:01Z', 'b-wednesday'],
    ['2026-11-18T03:00Z', 'b-tuesday'],
    ['2026-11-17 12:00', 'b-tuesday'],
    ['2026-11-17', 'b-monday'],
    ['2026-11-18T03:30+01:00', 'b-tuesday'],
    ['03:00Z', 'b-tuesday'],
    ['4:00', 'b-wednesday'],
    ['23:00', 'b-tuesday'],
  ])('by %j is %s', async (wanted, backupId) => {
    expect(await choose(wanted)).toBe(backupId);
  });

  test.each([
    '../../etc/passwd',
    '..',
    '.partial-b-unfinished',
    '',
    'a/b',
    'b-monday/../b-tuesday',
    '25:00Z',
    'Ä',
    'x'.repeat(200),
  ])('cannot be %j, and the field is named', async (wanted) => {
    await expect(choose(wanted)).rejects.toMatchObject({
      type: 'InvalidInput',
      message: expect.stringMatching(/`backup` is .*expected a backup id, a time/),
    });
  });

  test.each(['b-nothing', 'b-unfinished', 'a-file', '2026-11-16T03:00Z', '2019-01-01'])(
    'is not there for %j: the ones that are there are named',
    async (wanted) => {
      await expect(choose(wanted)).rejects.toMatchObject({
        type: 'UnknownBackup',
        message: expect.stringContaining('b-wednesday (2026-11-18T03:00Z)'),
      });
    },
  );

  test('is refused by its id when its manifest is broken', async () => {
    await expect(choose('b-broken')).rejects.toMatchObject({ type: 'DamagedBackup' });
  });

  test('is never one in an empty or missing directory', async () => {
    const empty = await settingWithFolder({ directory: '/no/such/directory' });
    await expect(chooseBackup(empty, 'latest', now)).rejects.toMatchObject({
      message: expect.stringContaining('There are no backups at all.'),
    });
  });

  test('never leaves the directory, whatever is asked for', async () => {
    for (const text of ['%2e%2e%2f', '\u0000', '-rf', '--help', '~', '$HOME', '`id`']) {
      await expect(choose(text)).rejects.toMatchObject({
        type: expect.stringMatching(/^(?:InvalidInput|UnknownBackup)$/),
      });
    }
  });
});

test('the list has the newest first, and says of an unusable one why', async () => {
  const list = await listBackups(setting.stack.backups.directory);
  expect(list.map(({ backupId }) => backupId)).toEqual([
    'b-other-stack',
    'b-safety',
    'b-wednesday',
    'b-tuesday',
    'b-monday',
    'b-broken',
  ]);
  expect(list.at(-1)?.problem).toContain('b-broken');
  expect(list[2]).toMatchObject({ rows: 10, kind: 'scheduled', database: 'hermes_production' });
});

describe('a moment', () => {
  test('written in full comes back, with seconds or without, in any of its forms', () => {
    const moments = date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    assert(
      property(
        moments,
        constantFrom(16, 19),
        constantFrom('T', ' '),
        constantFrom('Z', ''),
        (moment, length, between, zone) => {
          const text = moment.toISOString().slice(0, length).replace('T', between) + zone;
          const written = new Date(`${moment.toISOString().slice(0, length)}Z`);
          expect(parseMoment(text, now)).toEqual(written);
        },
      ),
    );
  });

  test('of the clock alone is never in the future and at most a day old', () => {
    const moments = date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true });
    assert(
      property(moments, moments, (clock, at) => {
        const moment = parseMoment(clock.toISOString().slice(11, 16), at);
        const ageMs = at.getTime() - (moment?.getTime() ?? Number.NaN);
        expect(ageMs).toBeGreaterThanOrEqual(0);
        expect(ageMs).toBeLessThan(86_400_000);
      }),
    );
  });

  test('is not found in any other text, and looking for one never throws', () => {
    assert(
      property(string(), (text) => {
        const moment = parseMoment(text, now);
        expect(moment === undefined || !Number.isNaN(moment.getTime())).toBe(true);
      }),
    );
  });
});
