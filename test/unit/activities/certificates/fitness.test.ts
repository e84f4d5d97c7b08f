import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  leafOf,
  type Pair,
  pairProblem,
  unfitBecause,
} from '../../../../src/activities/certificates/fitness.ts';
import { goodDay, pairNamed, pem } from './pem.ts';

const hostnames = ['hermes.example.com', '*.voice.example.com', 'eu.voice.example.com'];
const question = { hostnames, keyType: 'ecdsa', roots: [pem('root')], now: goodDay };
const hermes = pairNamed('hermes');

test('a good pair is fit, also in the place of one that ends earlier', () => {
  expect(unfitBecause(hermes, question)).toEqual([]);
  const replaces = leafOf(hermes.certificatePem);
  expect(unfitBecause(pairNamed('longer'), { ...question, ...(replaces && { replaces }) })).toEqual([]);
});

test('a key of another certificate is refused', () => {
  const pair: Pair = { ...hermes, keyPem: pem('other-key') };
  expect(unfitBecause(pair, question)).toEqual(['the key is not the certificate’s']);
  expect(pairProblem(pair)).toBe('the key is not the certificate’s');
});

test('a certificate for another name is refused, with the names that it lacks', () => {
  expect(unfitBecause(pairNamed('other'), question)).toEqual([`it is not good for ${hostnames.join(', ')}`]);
});

test('a chain that is cut short is refused, whatever the machine has seen before', () => {
  const [leaf = ''] = hermes.certificatePem.split(/(?<=-----END CERTIFICATE-----)/);
  expect(unfitBecause({ ...hermes, certificatePem: leaf }, question)).toEqual([
    'the chain ends at CN=hermes, which no trusted root has signed',
  ]);
});

test('a chain to a root that customers do not trust is refused', () => {
  expect(unfitBecause(hermes, { ...question, roots: [pem('other-root')] })).toEqual([
    'the chain ends at CN=Test intermediate, which no trusted root has signed',
  ]);
});

test('a certificate from tomorrow asks whether the clock is right', () => {
  const [reason, ...more] = unfitBecause(hermes, { ...question, now: new Date('2026-11-24T11:24:00Z') });
  expect(more).toEqual([]);
  expect(reason).toBe(
    'it is not valid before 2026-11-25T11:24:29.000Z, and this machine’s clock says 2026-11-24T11:24:00Z: is it right?',
  );
});

test('a certificate that has ended is refused, and one that ends before the present one', () => {
  expect(unfitBecause(hermes, { ...question, now: new Date('2027-03-01T00:00:00Z') })).toEqual([
    expect.stringContaining('it ended at 2027-02-23'),
  ]);
  const replaces = leafOf(pairNamed('longer').certificatePem);
  expect(unfitBecause(hermes, { ...question, ...(replaces && { replaces }) })).toEqual([
    expect.stringContaining('before the one that is there'),
  ]);
});

test('a key of another kind than nginx serves there is refused', () => {
  expect(unfitBecause(pairNamed('rsa'), question)).toEqual(['its key is rsa, and ecdsa is wanted']);
  expect(unfitBecause(pairNamed('rsa'), { ...question, keyType: 'rsa' })).toEqual([]);
});

test('no text in the place of certificate or key makes it throw, and none passes', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.constantFrom(pem('hermes-key'), pem('hermes').slice(40), pem('hermes').replace(/A/g, 'B'), ''),
    fc.string().map((inner) => `-----BEGIN CERTIFICATE-----\n${inner}\n-----END CERTIFICATE-----`),
  );
  fc.assert(
    fc.property(texts, texts, (certificatePem, keyPem) => {
      expect(unfitBecause({ certificatePem, keyPem }, question)).not.toEqual([]);
      expect(unfitBecause({ ...hermes, certificatePem }, question)).not.toEqual([]);
    }),
  );
});
