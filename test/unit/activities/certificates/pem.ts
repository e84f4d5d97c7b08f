import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Pair } from '../../../../src/activities/certificates/fitness.ts';

/** Made for these tests, from 2026-11-25T11:24:29Z on: a root, an intermediate, and what it signed. */
export function pem(name: string): string {
  return readFileSync(fileURLToPath(new URL(`pem/${name}.pem`, import.meta.url)), 'utf8');
}

export function pairNamed(name: string): Pair {
  return { certificatePem: pem(name), keyPem: pem(`${name}-key`) };
}

/** A day on which all of them are valid. */
export const goodDay = new Date('2026-12-01T00:00:00Z');
