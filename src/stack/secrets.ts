import * as v from 'valibot';
import { problem } from '../problem.ts';
import { text } from './field.ts';

const expected = '{env: NAME} or {file: PATH}; a secret is never written into the stack file itself';

/** Where a secret is, never the secret. */
export const secretReference = v.union(
  [
    v.strictObject({
      env: v.pipe(
        v.string(),
        v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable'),
        v.description('The name of an environment variable of the worker.'),
      ),
    }),
    v.strictObject({ file: text('A file that holds nothing but the secret.') }),
  ],
  expected,
);

export type SecretReference = v.InferOutput<typeof secretReference>;

/** How a secret is read: given, so that this module stays pure. */
export interface SecretReader {
  environment(name: string): string | undefined;
  /** The file's content, or undefined where it cannot be read. */
  file(path: string): Promise<string | undefined>;
}

/** The secret's value; undefined where it is missing or empty. */
export async function findSecret(
  reference: SecretReference,
  reader: SecretReader,
): Promise<string | undefined> {
  const value =
    'env' in reference
      ? reader.environment(reference.env)
      : (await reader.file(reference.file))?.replace(/[\r\n]+$/, '');
  return value === '' ? undefined : value;
}

/** The secret's value. Throws a StackFile problem that names the variable or the file, never the value. */
export async function resolveSecret(reference: SecretReference, reader: SecretReader): Promise<string> {
  const value = await findSecret(reference, reader);
  if (value !== undefined) return value;
  if ('env' in reference) {
    throw problem('StackFile', {
      what: `The secret in the environment variable ${reference.env} is missing or empty.`,
      next: 'Set it for the worker, and start the worker again.',
    });
  }
  throw problem('StackFile', {
    what: `The secret file ${reference.file} cannot be read or is empty.`,
    next: 'Write it, readable for the worker’s user only.',
  });
}
