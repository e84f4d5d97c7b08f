import { expect, test } from 'vitest';
import { closest } from '../../../src/stack/suggestion.ts';

const known = ['keyTables', 'host', 'port', 'password'];

test.each([
  ['keytable', 'keyTables'],
  ['key_tables', 'keyTables'],
  ['pasword', 'password'],
  ['HOST', 'host'],
])('%s is taken for a misspelt %s', (word, original) => expect(closest(word, known)).toBe(original));

test('what resembles nothing gets no suggestion', () => {
  expect(closest('replicationFactor', known)).toBeUndefined();
  expect(closest('x', [])).toBeUndefined();
});
