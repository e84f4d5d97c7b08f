import { readFile } from 'node:fs/promises';
import type { Environment } from '../environment.ts';
import { problem } from '../problem.ts';
import type { Stack } from '../stack/schema.ts';
import { findSecret, type SecretReader, type SecretReference } from '../stack/secrets.ts';

export function secretReader(environment: Environment): SecretReader {
  return {
    environment: (name) => environment.variable(name),
    file: (path) => readFile(path, 'utf8').catch(() => undefined),
  };
}

/**
 * Makes sure that a worker has the secrets that its procedures cannot do without, before it takes their next step: one
 * without them would fail a restore that another worker has begun. Throws StackFile, which names all that are missing.
 */
export async function checkSecrets({ database, cache, service }: Stack, reader: SecretReader): Promise<void> {
  const needed: [string, SecretReference][] = [
    ['database.password', database.password],
    ['cache.password', cache.password],
    ['service.testToken', service.testToken],
  ];
  const missing: string[] = [];
  for (const [field, reference] of needed) {
    if ((await findSecret(reference, reader)) !== undefined) continue;
    missing.push(
      `${field}: ${'env' in reference ? `the environment variable ${reference.env} is missing or empty` : `the file ${reference.file} cannot be read or is empty`}`,
    );
  }
  if (missing.length === 0) return;
  throw problem('StackFile', {
    what: `The worker has not all secrets of the stack file: ${missing.join('; ')}.`,
    state: 'It was not started: without them it would fail what is under way.',
    next: 'Set them for the worker, and start it again.',
  });
}
