import { expect, test } from 'vitest';
import { parseContents } from '../../../../src/activities/backups/contents.ts';

test('an archive’s list says which file holds whose rows, whatever a table is called', () => {
  const list = [
    ';',
    '; Archive created at 2026-11-17 03:00:00 UTC',
    ';     dbname: hermes',
    '215; 1259 16390 TABLE public matters postgres',
    '3340; 0 16390 TABLE DATA public matters postgres',
    '3341; 0 16400 TABLE DATA Old Cases 9999; 0 16390 TABLE DATA public x postgres',
    '3342; 0 77777 TABLE DATA public unknown postgres',
    '3350; 0 0 SEQUENCE SET public matters_id_seq postgres',
  ].join('\n');
  const tables = [
    { table: 'public.matters', oid: 16390 },
    { table: '"Old Cases"."9999; 0 16390 TABLE DATA public x"', oid: 16400 },
  ];
  expect([...parseContents(list, tables)]).toEqual([
    ['dump/3340.dat', 'public.matters'],
    ['dump/3341.dat', '"Old Cases"."9999; 0 16390 TABLE DATA public x"'],
  ]);
});
