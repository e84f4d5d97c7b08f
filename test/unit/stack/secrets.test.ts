import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { resolveSecret, type SecretReader } from '../../../src/stack/secrets.ts';

const reader: SecretReader = {
  environment: (name) => ({ SET: 'hunter2', EMPTY: '' })[name],
  file: async (path) => ({ '/good': 'hunter2 \r\n', '/empty': '\n' })[path],
};

test('a secret comes from the variable that is named', async () => {
  await expect(resolveSecret({ env: 'SET' }, reader)).resolves.toBe('hunter2');
});

test('a secret file’s last line break is not part of the secret, a space is', async () => {
  await expect(resolveSecret({ file: '/good' }, reader)).resolves.toBe('hunter2 ');
});

test.each([
  [{ env: 'EMPTY' }, 'EMPTY'],
  [{ env: 'MISSING' }, 'MISSING'],
  [{ env: 'toString' }, 'toString'],
  [{ file: '/empty' }, '/empty'],
  [{ file: '/missing' }, '/missing'],
])('%j fails for good, and says where the secret was looked for', async (reference, where) => {
  const own: SecretReader = {
    environment: (name) => (name === 'EMPTY' ? '' : undefined),
    file: async (path) => (path === '/empty' ? '\n' : undefined),
  };
  const failure = await resolveSecret(reference, own).catch((error: unknown) => error);
  if (!(failure instanceof ApplicationFailure)) throw new Error('expected an ApplicationFailure');
  expect(failure).toMatchObject({ type: 'StackFile', nonRetryable: true });
  expect(failure.message).toContain(where);
});
