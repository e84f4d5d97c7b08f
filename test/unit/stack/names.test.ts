import * as v from 'valibot';
import { expect, test } from 'vitest';
import { databaseName, isBackupId, serviceName, stackName } from '../../../src/stack/names.ts';

test.each([
  'hermes',
  'hermes_production',
  'a"b;c',
  "o'brien; DROP TABLE x",
  ' ',
  '../x',
  'ä'.repeat(31) + 'x',
])('the database name %j is allowed: PostgreSQL allows it', (name) =>
  expect(v.is(databaseName, name)).toBe(true),
);

test.each(['', 'a\0b', 'x'.repeat(64), 'ä'.repeat(32)])(
  'the database name %j is refused: PostgreSQL would cut or refuse it',
  (name) => expect(v.is(databaseName, name)).toBe(false),
);

test.each(['20261117-030000-hermes', 'a', '2026.01_x-y', 'x'.repeat(81)])('%j is a backup id', (id) =>
  expect(isBackupId(id)).toBe(true),
);

test.each([
  '',
  '.',
  '..',
  '../../etc/passwd',
  'a/b',
  'a\\b',
  'a..b',
  '.partial',
  '-rf',
  'A',
  'a b',
  'a\n',
  'a\0',
  'x'.repeat(82),
])('%j is no backup id', (id) => expect(isBackupId(id)).toBe(false));

test('names of services and stacks hold nothing that a label or a file name would misread', () => {
  for (const name of ['api', 'hermes-api_1.2', 'A']) expect(v.is(serviceName, name)).toBe(true);
  for (const name of ['', '-api', 'a b', 'a/b', 'a\n', 'a=b']) expect(v.is(serviceName, name)).toBe(false);
  for (const name of ['hermes', 'h', 'a-1']) expect(v.is(stackName, name)).toBe(true);
  for (const name of ['', '1a', 'Hermes', 'a_b', "a'b", 'a\n', 'x'.repeat(32)]) {
    expect(v.is(stackName, name)).toBe(false);
  }
});
