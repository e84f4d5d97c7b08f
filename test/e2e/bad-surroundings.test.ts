import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { escapeIdentifier } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestoreReport } from '../../src/workflows/restore-database.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { copyBackup, reseal } from './support/backup-copies.ts';
import { refusalOf } from './support/refusals.ts';
import { openPlan } from './support/runs.ts';
import { mountSmallDisk, type SmallDisk } from './support/small-disk.ts';
import { setUpTarget, type Target } from './support/target.ts';

const oddName = String.raw`it's "HERMES"; drop database hermes; -- \ %s`;
const mebibyte = 1024 * 1024;

let target: Target;
beforeAll(async () => {
  target = await setUpTarget('bad-surroundings');
});
afterAll(() => target?.close());

describe('a database', () => {
  test('that there is not is named, with those that there are', async () => {
    await target.useStack({ database: { name: 'hermes_production' } });
    const words = /There is no database "hermes_production" on the server; it has .*hermes.*`database\.name`/;
    const refused = { type: 'UnknownDatabase', message: expect.stringMatching(words) };
    expect(await refusalOf(await target.begin('backupDatabase'))).toEqual(refused);
    const copy = await copyBackup(target.hermes.backups, target.good, 'of-no-database');
    await reseal(copy, { database: 'hermes_production' });
    expect(await refusalOf(await target.restore({ backup: copy.backupId }))).toEqual(refused);
    await target.servesAsBefore();
    await rm(copy.folder, { recursive: true });
  });

  describe('with quotes, spaces and semicolons in its name', () => {
    const odd = <Row extends object>(query: string): Promise<Row[]> =>
      target.hermes.sql<Row>(query, [], oddName);
    const contents = `select (select string_agg(note, ',' order by id) from "Notes; of 'clients'") as notes,
                             (select count(*)::int from numbers) as numbers`;
    beforeAll(async () => {
      await target.hermes.sql(`create database ${escapeIdentifier(oddName)}`, [], 'postgres');
      await odd(`create table "Notes; of 'clients'" (id int primary key, note text);
                 create table numbers (id int); insert into numbers select generate_series(1, 300);
                 insert into "Notes; of 'clients'" values (1, 'one'), (2, 'it''s; two')`);
      await target.useStack({ database: { name: oddName, keyTables: ['public.numbers'] } });
    });
    afterAll(() =>
      target.hermes.sql(`drop database ${escapeIdentifier(oddName)} with (force)`, [], 'postgres'),
    );

    test('is backed up and restored like any other', async () => {
      const before = await odd(contents);
      const backup = await target.backUp();
      await odd(`delete from numbers where id > 7; drop table "Notes; of 'clients'"`);
      const handle = await target.restore({ backup });
      await handle.signal('approve', { by: 'dana', plan: await openPlan(handle) });
      const undo = await openPlan(handle, 'undo-window');
      expect(await odd(contents)).toEqual(before);
      await handle.signal('rollback', { by: 'dana', plan: undo });
      const undone: ProcedureResult<RestoreReport> = await handle.result();
      expect(undone.outcome).toBe('rolled-back');
      expect(await odd('select count(*)::int as numbers from numbers')).toEqual([{ numbers: 7 }]);
      const aside = undone.report?.undo.rollback?.aside.name ?? '';
      await target.servesAsBefore([oddName, aside]);
      await target.hermes.sql(`drop database ${escapeIdentifier(aside)}`, [], 'postgres');
    });

    test('is not overwritten by a backup of another database', async () => {
      const refusal = await refusalOf(await target.restore({ backup: target.good }));
      expect(refusal.type).toBe('WrongDatabase');
      expect(refusal.message).toContain(`is of the database hermes, the stack's is ${oddName}.`);
      await target.servesAsBefore([oddName]);
    });
  });
});

describe.runIf(process.getuid?.() === 0)('on a disk that is too small,', () => {
  const disks: SmallDisk[] = [];
  afterAll(async () => {
    await target.worker.kill();
    for (const disk of disks) await disk.remove();
  });

  async function useSmallDisk(
    sizeBytes: number,
    sections: { minimumFreeSpace: string; database: string },
  ): Promise<string> {
    const disk = await mountSmallDisk(join(target.hermes.directory, `disk-${disks.length}`), sizeBytes);
    disks.push(disk);
    const { minimumFreeSpace, database } = sections;
    await target.useStack({
      backups: { directory: disk.path, minimumFreeSpace },
      database: { name: database },
    });
    return disk.path;
  }

  test('a backup is refused before it begins, with the numbers', async () => {
    const directory = await useSmallDisk(64 * mebibyte, { minimumFreeSpace: '200MiB', database: 'hermes' });
    const refusal = await refusalOf(await target.begin('backupDatabase'));
    expect(refusal).toEqual({
      type: 'NotEnoughSpace',
      message: expect.stringMatching(
        /has 64 MiB free; a backup needs 2\d\d MiB.*Nothing was written\. Make room there/,
      ),
    });
    expect(await readdir(directory)).toEqual([]);
    await target.servesAsBefore();
  });

  test('a restore is refused before its safety backup', async () => {
    const directory = disks.at(-1)?.path ?? '';
    await cp(join(target.hermes.backups, target.good), join(directory, target.good), { recursive: true });
    const refusal = await refusalOf(await target.restore({ backup: target.good }));
    expect(refusal).toEqual({
      type: 'NotEnoughSpace',
      message: expect.stringMatching(/has \d+ MiB free; a backup needs 2\d\d MiB.*Nothing was written\./),
    });
    expect(await readdir(directory)).toEqual([target.good]);
    await target.servesAsBefore();
  });

  test('a dump that fills it is taken away again, and says so', async () => {
    await target.hermes.sql('create database recordings', [], 'postgres');
    await target.hermes.sql(
      `create extension pgcrypto;
       create table recordings as
         select n, (select string_agg(gen_random_bytes(1024), '') from generate_series(n, n + 15)) as sound
           from generate_series(1, 1100) n`,
      [],
      'recordings',
    );
    const [size] = await target.hermes.sql<{ bytes: string }>(
      `select pg_database_size('recordings') as bytes`,
    );
    // Sound cannot be compressed: what looks like enough is not.
    const enoughBytes = Math.ceil(Number(size?.bytes) * 0.6) + mebibyte;
    const directory = await useSmallDisk(enoughBytes, { minimumFreeSpace: '64KiB', database: 'recordings' });
    const refusal = await refusalOf(await target.begin('backupDatabase'));
    expect(refusal).toEqual({
      type: 'NotEnoughSpace',
      message: expect.stringMatching(/pg_dump of recordings failed.*No space left on device/),
    });
    expect(await readdir(directory)).toEqual([]);
    await target.hermes.sql('drop database recordings with (force)', [], 'postgres');
    await target.servesAsBefore();
  });
});
