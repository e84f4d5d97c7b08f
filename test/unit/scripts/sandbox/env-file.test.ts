import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  makeSecrets,
  parseEnvFile,
  readEnvFile,
  secretsOf,
  secretVariables,
  writeEnvFile,
} from '../../../../scripts/sandbox/env-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'env-file-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('secrets written are the secrets read, in a file for its owner only', async () => {
  const file = join(folder, 'env');
  const secrets = makeSecrets();
  await writeEnvFile(file, { HERMES_API_PORT: '1', ...secretVariables(secrets) });
  const variables = await readEnvFile(file);
  expect(variables?.['HERMES_API_PORT']).toBe('1');
  expect(secretsOf(variables ?? {})).toEqual(secrets);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file, 'utf8')).toMatch(/^# /);
});

it('every sandbox has secrets of its own', () => {
  const values = [makeSecrets(), makeSecrets()].flatMap((secrets) => Object.values(secrets));
  expect(new Set(values).size).toBe(8);
});

it('a file that is missing is none, and one that lacks a secret has none', async () => {
  expect(await readEnvFile(join(folder, 'nothing'))).toBeUndefined();
  expect(secretsOf({ POSTGRES_PASSWORD: 'a', REDIS_PASSWORD: 'b', ADMIN_TOKEN: '' })).toBeUndefined();
});

it('comments and empty lines are no variables, and a value may hold an equals sign', () => {
  expect(parseEnvFile('# A=1\n\nB=2=3\n C = d \nnothing\n')).toEqual({ B: '2=3', C: 'd' });
});
