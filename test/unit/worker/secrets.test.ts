import { expect, test } from 'vitest';
import { parseStack } from '../../../src/stack/parse.ts';
import type { SecretReader } from '../../../src/stack/secrets.ts';
import { checkSecrets } from '../../../src/worker/secrets.ts';

const stack = parseStack('stack: hermes\ncache: { password: { file: /run/secrets/redis } }\n', 'hermes.yaml');
const withSecrets = (variables: Record<string, string>, file?: string): SecretReader => ({
  environment: (name) => variables[name],
  file: async () => file,
});

test('a worker with the secrets of its stack file may start', async () => {
  const reader = withSecrets({ POSTGRES_PASSWORD: 'a', TEST_TOKEN: 'b' }, 'c\n');
  await expect(checkSecrets(stack, reader)).resolves.toBeUndefined();
});

test('a worker without some of them is told of all that are missing, and of none of their values', async () => {
  const failure = checkSecrets(stack, withSecrets({ POSTGRES_PASSWORD: 'hunter2', TEST_TOKEN: '' }, '\n'));
  await expect(failure).rejects.toMatchObject({
    type: 'StackFile',
    message: expect.stringMatching(
      /cache\.password: the file \/run\/secrets\/redis .*; service\.testToken: the environment variable TEST_TOKEN/,
    ),
  });
  await expect(failure).rejects.toMatchObject({ message: expect.not.stringMatching(/hunter2|database/) });
});
