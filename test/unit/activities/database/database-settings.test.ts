import { describe, expect, test } from 'vitest';
import {
  compareDatabaseSettings,
  type DatabaseSettings,
  settingValue,
} from '../../../../src/activities/database/database-settings.ts';

describe('a setting of a database, given to another', () => {
  test.each([
    ['work_mem', '8MB', `'8MB'`],
    ['hermes.motto', `it's "quoted", with a comma`, `'it''s "quoted", with a comma'`],
    ['search_path', '"$user", public, "Old ""Cases"""', `'$user', 'public', 'Old "Cases"'`],
    ['SEARCH_PATH', 'a,b', `'a', 'b'`],
    ['search_path', '""', `''`],
    ['search_path', '', `''`],
    ['temp_tablespaces', `fast, "O'Brien"`, `'fast', 'O''Brien'`],
  ])('%s = %s stays what it is', (parameter, value, text) => {
    expect(settingValue(parameter, value)).toBe(text);
  });
});

describe('two databases', () => {
  const settings: DatabaseSettings = {
    owner: 'postgres',
    connectionLimit: -1,
    grants: null,
    locale: 'UTF8 C.UTF-8',
    parameters: [{ role: null, name: 'work_mem', value: '8MB' }],
  };

  test('alike have no differences', () => {
    expect(compareDatabaseSettings(settings, structuredClone(settings))).toEqual([]);
  });

  test('differ in words that say which, what was found and what was expected', () => {
    const other = {
      ...settings,
      owner: 'chris',
      connectionLimit: 5,
      grants: [{ grantee: null, privilege: 'CONNECT', grantable: false }],
      locale: 'SQL_ASCII C',
      parameters: [],
    };
    expect(compareDatabaseSettings(settings, other)).toEqual([
      'database owner: chris, expected postgres',
      'connection limit: 5, expected -1',
      'encoding and locale: SQL_ASCII C, expected UTF8 C.UTF-8',
      'database grants: [{"grantee":null,"privilege":"CONNECT","grantable":false}], expected null',
      'database settings: [], expected [{"role":null,"name":"work_mem","value":"8MB"}]',
    ]);
  });
});
