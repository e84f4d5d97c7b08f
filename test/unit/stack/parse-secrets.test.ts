import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { defaultStack, parseStack, StackFileError } from '../../../src/stack/parse.ts';

const secret = 'hunter2secret';

function messageFor(text: string): string {
  try {
    parseStack(text);
  } catch (error) {
    if (error instanceof StackFileError) return `${error.message}\n${JSON.stringify(error.issues)}`;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
}

/** Where the stack file refers to a secret. */
function secretPaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  if ('env' in value || 'file' in value) return [path];
  return Object.entries(value).flatMap(([key, child]) => secretPaths(child, [...path, key]));
}

const references = secretPaths(defaultStack()).map((path) => path.join('.'));

test('the default stack refers to the secrets of HERMES', () => {
  expect(references.toSorted()).toEqual([
    'cache.password',
    'database.password',
    'service.adminToken',
    'service.testToken',
  ]);
});

const wrongWays: [string, unknown][] = [
  ['itself', secret],
  ['in a list', [secret]],
  ['as a variable’s name', { env: `${secret}!` }],
  ['beside a reference', { env: 'NAME', value: secret }],
  ['as a literal', { literal: secret }],
];

for (const reference of references) {
  test.each(wrongWays)(`a secret written %s at ${reference} is refused and never repeated`, (_, value) => {
    const whole = reference.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
    const message = messageFor(stringify(whole));
    expect(message).toContain(reference);
    expect(message).not.toContain(secret);
  });
}

test('a secret in the place of one says where secrets go instead', () => {
  expect(messageFor(`database: {password: ${secret}}`)).toContain('{env: NAME} or {file: PATH}');
});

test.each([
  ['a webhook’s address', `contacts: [{name: A, notify: [{webhook: "https://hooks.example/${secret}"}]}]`],
  [
    'a webhook’s address as a variable',
    `contacts: [{name: A, notify: [{webhook: {env: "https://h/${secret}"}}]}]`,
  ],
  ['a channel that does not exist', `contacts: [{name: A, notify: ["https://hooks.example/${secret}"]}]`],
  ['a connection URL for the group', `database: "postgres://postgres:${secret}@db/hermes"`],
  ['a login in a URL', `service: {url: "ftp://me:${secret}@hermes.example.com"}`],
  ['a login in a good URL', `service: {url: "https://me:${secret}@hermes.example.com"}`],
  ['a group for text', `database: {user: {password: ${secret}}}`],
  ['a password that looks like an alias', `database: {password: *${secret}}`],
  ['a password that looks like a tag', `database: {password: !${secret} x}`],
  ['a password with an open quote', `database:\n  password: "${secret}\n`],
  ['a password with a colon', `database:\n  password: ${secret}: x: y\n`],
  ['a password under an unknown key', `database: {passwd: ${secret}}`],
])('%s is refused and never repeated', (_, text) => expect(messageFor(text)).not.toContain(secret));
