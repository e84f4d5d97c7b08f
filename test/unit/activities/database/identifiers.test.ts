import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  connectionString,
  nameWithSuffix,
  oldName,
  passwordFile,
  shadowName,
  undoneName,
} from '../../../../src/activities/database/identifiers.ts';

const runId = '01982c1e-7b1a-7c3d-8e4f-0123456789ab';
const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 63 }).filter((name) => {
  const bytes = Buffer.byteLength(name);
  return bytes <= 63 && !name.includes('\0');
});

describe('the name of a database that is made or set aside', () => {
  test('fits into PostgreSQL’s 63 bytes whole, and is never the live one’s', () => {
    fc.assert(
      fc.property(names, (live) => {
        const made = [shadowName(live, runId), oldName(live, runId, new Date()), undoneName(live, runId)];
        for (const name of made) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
          expect(name).not.toContain('\uFFFD');
          expect(name).not.toBe(live);
        }
        expect(new Set(made).size).toBe(made.length);
      }),
    );
  });

  test('tells runs apart, also where the live name is as long as can be', () => {
    const live = 'x'.repeat(63);
    const other = '01982c1e-7b1a-7c3d-8e4f-0123456789ac';
    expect(shadowName(live, runId)).not.toBe(shadowName(live, other));
  });

  test('says what it is and when it was set aside', () => {
    expect(shadowName('hermes', runId)).toBe('hermes_restore_456789ab');
    expect(undoneName('hermes', runId)).toBe('hermes_undone_456789ab');
    expect(oldName('hermes', runId, new Date('2026-11-17T03:04:05.678Z'))).toBe(
      'hermes_before_20261117030405_456789ab',
    );
  });

  test('is cut between characters, by bytes', () => {
    expect(nameWithSuffix('ü'.repeat(31), '_a')).toBe(`${'ü'.repeat(30)}_a`);
    expect(nameWithSuffix(`${'x'.repeat(58)}🙂`, '_ab')).toBe(`${'x'.repeat(58)}_ab`);
  });
});

describe('what libpq is given', () => {
  test('a name with quotes, backslashes and equal signs is a value, not more of the connection string', () => {
    const text = connectionString({ host: 'postgres', dbname: `o'brien\\ host=evil`, port: 5432 });
    expect(text).toBe(`host='postgres' dbname='o\\'brien\\\\ host=evil' port='5432'`);
  });

  test('a password with colons and backslashes is one field of its file', () => {
    expect(passwordFile('a:b\\c')).toBe('*:*:*:*:a\\:b\\\\c\n');
  });
});
