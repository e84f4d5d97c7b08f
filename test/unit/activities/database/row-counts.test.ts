import { describe, expect, test } from 'vitest';
import { compareTables } from '../../../../src/activities/database/plan-restore.ts';
import { safeCount, tableName } from '../../../../src/activities/database/row-counts.ts';
import { total, writtenBetween } from '../../../../src/activities/database/statistics.ts';
import { compareRows } from '../../../../src/activities/database/verify-shadow.ts';

describe('a count', () => {
  test('that a number cannot hold is an error, not another number', () => {
    expect(safeCount('9007199254740991')).toBe(9_007_199_254_740_991);
    expect(() => safeCount('9007199254740993')).toThrow(RangeError);
    expect(() => safeCount(undefined)).toThrow(RangeError);
  });
});

describe('a table’s name', () => {
  test.each([
    ['public', 'matters', 'public.matters'],
    ['public', 'Matters', 'public."Matters"'],
    ['Old Cases', 'a;b"c', '"Old Cases"."a;b""c"'],
  ])('%s and %s is quoted only where needed', (schema, name, text) => {
    expect(tableName(schema, name)).toBe(text);
  });
});

describe('a restored database’s rows', () => {
  const backup = [
    { table: 'public.matters', rows: 10 },
    { table: 'public.firms', rows: 2 },
  ];

  test('as in the backup have no differences, in any order', () => {
    expect(compareRows(backup, backup.toReversed())).toEqual([]);
  });

  test('one too few, a table too few and a table too many are each named', () => {
    expect(
      compareRows(backup, [
        { table: 'public.matters', rows: 9 },
        { table: 'public.extra', rows: 0 },
      ]),
    ).toEqual([
      'public.matters: 9 rows, expected 10',
      'table public.firms is missing',
      'table public.extra is not in the backup',
    ]);
  });
});

describe('what a plan shows', () => {
  test('the largest differences first, at most 50, equal tables only as a number', () => {
    const tables = Array.from({ length: 60 }, (_, index) => ({ table: `t${index}`, rows: index }));
    const live = [{ table: 'equal', rows: 5 }, { table: 'new', rows: 1 }, ...tables];
    const backup = [
      { table: 'equal', rows: 5 },
      { table: 'gone', rows: 1 },
      ...tables.map(({ table }) => ({ table, rows: 0 })),
    ];
    const shown = compareTables(live, backup);
    expect(shown.differences).toHaveLength(50);
    expect(shown.differences[0]).toEqual({ table: 't59', liveRows: 59, backupRows: 0 });
    expect(shown).toMatchObject({ tablesEqual: 2, tablesOnlyInLive: ['new'], tablesOnlyInBackup: ['gone'] });
  });
});

describe('rows written between two readings', () => {
  const rows = (table: string, inserted: number, updated = 0, deleted = 0) => ({
    table,
    inserted,
    updated,
    deleted,
  });

  test('are the difference, busiest table first, idle ones left out', () => {
    const written = writtenBetween(
      [rows('a', 1), rows('b', 5, 5, 5), rows('c', 7)],
      [rows('a', 3), rows('b', 9, 6, 5), rows('c', 7)],
    );
    expect(written).toEqual([rows('b', 4, 1, 0), rows('a', 2)]);
    expect(total(rows('b', 4, 1, 2))).toBe(7);
  });

  test('of a table that was made in between are all of its rows', () => {
    expect(writtenBetween([], [rows('new', 3)])).toEqual([rows('new', 3)]);
  });

  test('after the counters were reset are counted from zero', () => {
    expect(writtenBetween([rows('a', 100)], [rows('a', 2)])).toEqual([rows('a', 2)]);
  });
});
