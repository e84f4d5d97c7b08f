import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { schemaText } from '../../../scripts/generate-schema.ts';
import { projectRoot } from '../../../scripts/project.ts';
import { loadStack } from '../../../src/stack/load.ts';
import { defaultStack, StackFileError } from '../../../src/stack/parse.ts';

const stackFile = join(projectRoot, 'hermes.yaml');

test('hermes.yaml says what the defaults are', async () => {
  await expect(loadStack(stackFile)).resolves.toEqual(defaultStack());
});

test('hermes.yaml spells out every key that has a default, and names those that have none in a comment', async () => {
  const text = await readFile(stackFile, 'utf8');
  const written: unknown = parse(text);
  const schema: unknown = JSON.parse(schemaText());
  const missing = missingKeys(schema, written);
  expect(missing.filter((path) => !new RegExp(`# ${path.split('.').at(-1)}: `).test(text))).toEqual([
    '$schema',
  ]);
});

test('hermes.yaml is where editors find the schema', async () => {
  const [head] = (await readFile(stackFile, 'utf8')).split('\n');
  expect(head).toBe('# yaml-language-server: $schema=./hermes.schema.json');
});

test('hermes.schema.json is what the schemas say', async () => {
  await expect(readFile(join(projectRoot, 'hermes.schema.json'), 'utf8')).resolves.toBe(schemaText());
});

test('every key of hermes.schema.json has a description', () => {
  const schema: unknown = JSON.parse(schemaText());
  expect(undescribed(schema)).toEqual([]);
});

test('a stack file that cannot be read says how to name another one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stack-file-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'bad.yaml'), 'stack: hermes\ndatabse: {}\n');
  await expect(loadStack(join(folder, 'bad.yaml'))).rejects.toThrow(
    `${join(folder, 'bad.yaml')}:2:1 databse`,
  );
  for (const path of [join(folder, 'missing.yaml'), folder]) {
    const error: unknown = await loadStack(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StackFileError);
    expect(String(error)).toContain('HERMES_STACK_FILE');
  }
});

function propertiesOf(schema: unknown): [string, unknown][] {
  return isObject(schema) && isObject(schema['properties']) ? Object.entries(schema['properties']) : [];
}

function missingKeys(schema: unknown, value: unknown, path: string[] = []): string[] {
  return propertiesOf(schema).flatMap(([key, child]) =>
    isObject(value) && key in value
      ? missingKeys(child, value[key], [...path, key])
      : [[...path, key].join('.')],
  );
}

function undescribed(schema: unknown, path: string[] = []): string[] {
  if (!isObject(schema)) return [];
  const own = propertiesOf(schema).flatMap(([key, child]) => [
    ...(isObject(child) && typeof child['description'] === 'string' ? [] : [[...path, key].join('.')]),
    ...undescribed(child, [...path, key]),
  ]);
  const alternatives: unknown[] = Array.isArray(schema['anyOf']) ? schema['anyOf'] : [];
  const inner = [schema['items'], schema['additionalProperties'], ...alternatives];
  return [...own, ...inner.flatMap((child) => undescribed(child, [...path, '*']))];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
