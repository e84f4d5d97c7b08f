import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { renderCertificates } from '../../../src/cli/render.ts';
import type { CertificateLine } from '../../../src/procedures/list-certificates.ts';

const line: CertificateLine = {
  hostname: 'hermes.yourdomain.com',
  listener: '127.0.0.1:443',
  keyType: 'ecdsa',
  issuer: 'R11',
  serial: '0'.repeat(36),
  names: ['hermes.yourdomain.com'],
  validTo: '2026-12-31T10:00:00.000Z',
  daysLeft: 33,
  dueAt: '2026-12-02T10:00:00.000Z',
  fingerprint: 'a'.repeat(64),
  trouble: '',
};

/** Rows of the table alone: what is wrong is told below it, and may be long. */
function table(lines: CertificateLine[], columns?: number): string[] {
  const text = stripVTControlCharacters(renderCertificates(lines, columns));
  return text.split('\n').filter((row) => /^[│┌├└]/.test(row));
}

const widest = (rows: string[]): number => Math.max(...rows.map(({ length }) => length));
const long = {
  ...line,
  hostname: `${'a-very-long-name.'.repeat(6)}example.com`,
  issuer: 'Pebble Intermediate CA 6c7ad6 of an organisation with a long name',
  daysLeft: -1234,
};

test('the table of certificates fits 80 columns, whatever is in it', () => {
  expect(widest(table([line, long], 80))).toBeLessThanOrEqual(80);
  expect(widest(table([line, long], 40))).toBeLessThanOrEqual(80);
});

test('a wide terminal, or none at all, gets 100 columns at most', () => {
  expect(widest(table([line, long], 200))).toBeLessThanOrEqual(100);
  expect(widest(table([line, long]))).toBeLessThanOrEqual(100);
});

test('a long name loses nothing', () => {
  const cells = table([long], 80).map((row) => row.split('│')[1]?.trim() ?? '');
  expect(cells.join('')).toContain(`${long.hostname}by Pebble`);
  expect(cells.join(' ')).toContain('of an organisation');
});

test('where nothing is served, and what is wrong, is said', () => {
  const none = { ...line, issuer: '', validTo: '', dueAt: '', trouble: 'connection refused' };
  const text = stripVTControlCharacters(renderCertificates([none]));
  expect(text).toMatch(/none .* bad/);
  expect(text).toContain('hermes.yourdomain.com (ecdsa): connection refused');
});
