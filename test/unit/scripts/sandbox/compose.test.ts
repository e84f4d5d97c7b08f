import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { majorOf } from '../../../../scripts/sandbox/compose.ts';
import { sandboxSources } from '../../../../scripts/sandbox/folders.ts';

it('knows version 1 from version 2', () => {
  const versions = ['1.29.2', '2.24.0', 'v2.39.1\n', 'dev'];
  expect(versions.map((version) => majorOf(version))).toEqual([1, 2, 2, 2]);
});

it('publishes neither PostgreSQL nor Redis, and uses no key that only one compose knows', async () => {
  const file: unknown = parse(await readFile(join(sandboxSources, 'docker-compose.yml'), 'utf8'));
  expect(Object.keys(file as object)).toEqual(['services', 'volumes']);
  const { services } = file as { services: Record<string, Record<string, unknown>> };
  expect(Object.keys(services)).toEqual(['api', 'postgres', 'redis', 'nginx']);
  const published = Object.keys(services).filter((name) => services[name]?.['ports'] !== undefined);
  expect(published).toEqual(['api', 'nginx']);
});
