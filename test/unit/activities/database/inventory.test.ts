import { describe, expect, test } from 'vitest';
import {
  compareInventories,
  countObjects,
  type Inventory,
} from '../../../../src/activities/database/inventory.ts';

const backup: Inventory = {
  version: 1,
  serverMajor: 15,
  objects: {
    index: [
      ['public.matters_client', 'valid t'],
      ['public.matters_pkey', 'valid t'],
    ],
    view: [['public.open_matters', 'a1']],
  },
  sequences: [
    { name: 'public.up', lastValue: '9007199254740993', ascending: true },
    { name: 'public.down', lastValue: '-5', ascending: false },
  ],
};

function withObjects(objects: Inventory['objects'], more: Partial<Inventory> = {}): Inventory {
  return { ...backup, ...more, objects: { ...backup.objects, ...objects } };
}

describe('two inventories', () => {
  test('that are equal have no differences', () => {
    expect(compareInventories(backup, structuredClone(backup))).toEqual([]);
    expect(countObjects(backup)).toBe(3);
  });

  test('differ in what is missing, what is other, and what is too many', () => {
    const found = withObjects({
      index: [
        ['public.matters_pkey', 'valid f'],
        ['public.new', 'valid t'],
      ],
    });
    expect(compareInventories(backup, found)).toEqual([
      'missing index: public.matters_client',
      'index public.matters_pkey is valid f, expected valid t',
      'unexpected index: public.new',
    ]);
  });

  test.each([{ version: 2 }, { serverMajor: 17 }])(
    'of different versions (%o) are compared by name, and nothing is too many',
    (version) => {
      const found = withObjects(
        {
          index: [
            ['public.matters_pkey', 'other words'],
            ['public.new', ''],
          ],
          view: [['public.open_matters', 'b2']],
        },
        version,
      );
      expect(compareInventories(backup, found)).toEqual(['missing index: public.matters_client']);
    },
  );

  test('a kind that an older version did not list is not missed', () => {
    expect(compareInventories(backup, withObjects({ policy: [['public.own', '']] }))).toEqual([]);
  });

  test('a long definition is shortened', () => {
    const found = withObjects({ view: [['public.open_matters', 'x'.repeat(5000)]] });
    expect(compareInventories(backup, found)[0]?.length).toBeLessThan(400);
  });

  test('a sequence may be ahead, in its own direction, and never behind, by a single step', () => {
    const at = (up: string, down: string): Inventory => ({
      ...backup,
      sequences: [
        { name: 'public.up', lastValue: up, ascending: true },
        { name: 'public.down', lastValue: down, ascending: false },
      ],
    });
    expect(compareInventories(backup, at('9007199254740994', '-6'))).toEqual([]);
    expect(compareInventories(backup, at('9007199254740992', '-4'))).toEqual([
      'sequence public.up is at 9007199254740992, behind 9007199254740993',
      'sequence public.down is at -4, behind -5',
    ]);
    expect(compareInventories(backup, { ...backup, sequences: [] })).toHaveLength(2);
  });
});
