import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withStartLock } from '../../../src/temporal/start-lock.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('two that want the same lock go one after the other', async () => {
  const file = join(temporaryFolder(), 'lock');
  const order: string[] = [];
  const act = (name: string) => async (): Promise<void> => {
    order.push(`${name} in`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${name} out`);
  };
  await Promise.all([withStartLock(file, 5_000, act('a')), withStartLock(file, 5_000, act('b'))]);
  expect([order.slice(0, 2), order.slice(2)].map((pair) => pair.map((word) => word.split(' ')[1]))).toEqual([
    ['in', 'out'],
    ['in', 'out'],
  ]);
  expect(existsSync(file)).toBe(false);
});

test('the lock of a process that is gone is broken', async () => {
  const file = join(temporaryFolder(), 'lock');
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(file, String(pid));
  expect(await withStartLock(file, 5_000, () => Promise.resolve('done'))).toBe('done');
});

test('a lock that a living process keeps is an error that names the process and the file', async () => {
  const file = join(temporaryFolder(), 'lock');
  writeFileSync(file, String(process.pid));
  await expect(withStartLock(file, 0, () => Promise.resolve())).rejects.toThrow(
    `Process ${process.pid} has held ${file} for too long`,
  );
  expect(existsSync(file)).toBe(true);
});

test('the lock is given back when what it guards fails', async () => {
  const file = join(temporaryFolder(), 'lock');
  await expect(withStartLock(file, 0, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(file)).toBe(false);
});
