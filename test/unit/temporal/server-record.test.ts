import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  isRunningWith,
  parseServerRecord,
  readServerRecord,
  removeServerRecord,
  writeServerRecord,
} from '../../../src/temporal/server-record.ts';
import { temporaryFolder } from './temporary-folder.ts';

const record = {
  pid: 4711,
  address: '127.0.0.1:7233',
  uiUrl: 'http://127.0.0.1:8233',
  port: 7233,
  uiPort: 8233,
  namespace: 'default',
};

test('a record is read back as it was written, and is gone when removed', async () => {
  const databaseFile = join(temporaryFolder(), 'temporal.db');
  expect(await readServerRecord(databaseFile)).toBeUndefined();
  await writeServerRecord(databaseFile, record);
  expect(await readServerRecord(databaseFile)).toEqual(record);
  await removeServerRecord(databaseFile);
  expect(readdirSync(join(databaseFile, '..'))).toEqual([]);
});

test('half a record counts as none', () => {
  expect(parseServerRecord('{"pid": 47')).toBeUndefined();
  expect(parseServerRecord('{"pid": "4711"}')).toBeUndefined();
  expect(parseServerRecord('null')).toBeUndefined();
  expect(parseServerRecord(JSON.stringify({ ...record, uiPort: undefined }))).toBeUndefined();
});

test('a living process counts only when it was started for the same database', async () => {
  expect(await isRunningWith(process.pid, '/no/such/temporal.db')).toBe(false);
  expect(await isRunningWith(process.pid, process.execPath)).toBe(true);
});
