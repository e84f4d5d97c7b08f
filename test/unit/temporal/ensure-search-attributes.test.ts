import type { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { ensureSearchAttributes } from '../../../src/temporal/ensure-search-attributes.ts';

const keyword = 2;

interface Behaviour {
  known: Record<string, number>;
  /** How many looks an added attribute stays invisible. */
  lag?: number;
  refuses?: Error;
}

function connection({ known, lag = 0, refuses }: Behaviour): Pick<Connection, 'operatorService'> {
  let visible = { ...known };
  let waiting: Record<string, number> = {};
  let looks = 0;
  const operatorService = {
    listSearchAttributes: () => {
      looks += 1;
      if (looks > lag + 1) visible = { ...visible, ...waiting };
      return Promise.resolve({ customAttributes: visible });
    },
    addSearchAttributes: ({ searchAttributes }: { searchAttributes: Record<string, number> }) => {
      if (refuses !== undefined) return Promise.reject(refuses);
      waiting = searchAttributes;
      return Promise.resolve({});
    },
  };
  return { operatorService } as unknown as Pick<Connection, 'operatorService'>;
}

test('only the missing search attributes are added', async () => {
  const known = { Stack: keyword, Phase: keyword, Other: 3 };
  expect(await ensureSearchAttributes(connection({ known }), 'default')).toEqual(['Procedure', 'Severity']);
});

test('nothing is added when all are there', async () => {
  const known = { Stack: keyword, Phase: keyword, Procedure: keyword, Severity: keyword };
  const refuses = new Error('must not be asked');
  expect(await ensureSearchAttributes(connection({ known, refuses }), 'default')).toEqual([]);
});

test('added search attributes are waited for until the server lists them', async () => {
  expect(await ensureSearchAttributes(connection({ known: {}, lag: 2 }), 'default')).toHaveLength(4);
});

test('where they may not be added the error holds the command for somebody who may', async () => {
  const refuses = new Error('Request unauthorized.');
  await expect(
    ensureSearchAttributes(connection({ known: { Stack: keyword }, refuses }), 'ops'),
  ).rejects.toThrow(
    'temporal operator search-attribute create --namespace ops ' +
      '--name Procedure --type Keyword --name Severity --type Keyword --name Phase --type Keyword',
  );
});

test('one that exists with another type is refused by name', async () => {
  await expect(ensureSearchAttributes(connection({ known: { Phase: 1 } }), 'ops')).rejects.toThrow(
    'The search attributes Phase of the namespace ops exist with another type',
  );
});
