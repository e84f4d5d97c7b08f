import type { KeyObject, X509Certificate } from 'node:crypto';
import { chainIn, fingerprintOf, keyIn, keyTypeOf } from './facts.ts';
import { chainProblem } from './trust.ts';

export interface Pair {
  certificatePem: string;
  keyPem: string;
}

export interface FitnessQuestion {
  hostnames: readonly string[];
  keyType: string;
  /** PEM texts. */
  roots: readonly string[];
  now: Date;
  /** The certificate that it takes the place of. */
  replaces?: X509Certificate;
}

/** Everything that keeps a pair from being served to customers, in words. Empty for a good one. */
export function unfitBecause(pair: Pair, question: FitnessQuestion): string[] {
  const parsed = parsePair(pair);
  if (typeof parsed === 'string') return [parsed];
  const { chain, leaf, key } = parsed;
  const { hostnames, keyType, roots, now, replaces } = question;
  const reasons: string[] = [];
  if (!leaf.checkPrivateKey(key)) reasons.push('the key is not the certificate’s');
  const missing = hostnames.filter((name) => !covers(leaf, name));
  if (missing.length > 0) reasons.push(`it is not good for ${missing.join(', ')}`);
  if (keyTypeOf(leaf.publicKey) !== keyType)
    reasons.push(`its key is ${keyTypeOf(leaf.publicKey)}, and ${keyType} is wanted`);
  const broken = chainProblem(chain, roots, now);
  if (broken !== undefined) reasons.push(broken);
  return [...reasons, ...dateReasons(leaf, now, replaces)];
}

function dateReasons(leaf: X509Certificate, now: Date, replaces: X509Certificate | undefined): string[] {
  const reasons: string[] = [];
  const clock = `this machine’s clock says ${now.toISOString().slice(0, 19)}Z: is it right?`;
  if (Date.parse(leaf.validFrom) > now.getTime())
    reasons.push(`it is not valid before ${iso(leaf.validFrom)}, and ${clock}`);
  if (Date.parse(leaf.validTo) <= now.getTime())
    reasons.push(`it ended at ${iso(leaf.validTo)}, and ${clock}`);
  if (replaces !== undefined && Date.parse(leaf.validTo) < Date.parse(replaces.validTo))
    reasons.push(`it ends at ${iso(leaf.validTo)}, before the one that is there (${iso(replaces.validTo)})`);
  return reasons;
}

/** Whether nginx could load the two together: they parse, and belong together. Why not, in words. */
export function pairProblem(pair: Pair): string | undefined {
  const parsed = parsePair(pair);
  if (typeof parsed === 'string') return parsed;
  return parsed.leaf.checkPrivateKey(parsed.key) ? undefined : 'the key is not the certificate’s';
}

/** The first certificate of PEM text; undefined where there is none. */
export function leafOf(certificatePem: string): X509Certificate | undefined {
  try {
    return chainIn(certificatePem)[0];
  } catch {
    return undefined;
  }
}

export function fingerprintIn(certificatePem: string): string | undefined {
  const leaf = leafOf(certificatePem);
  return leaf === undefined ? undefined : fingerprintOf(leaf);
}

/** A wildcard is covered by the same wildcard only. */
function covers(leaf: X509Certificate, name: string): boolean {
  const sample = name.startsWith('*.') ? name.replace('*', 'hermes-ops-any') : name;
  return leaf.checkHost(sample) !== undefined;
}

function parsePair({
  certificatePem,
  keyPem,
}: Pair): { chain: X509Certificate[]; leaf: X509Certificate; key: KeyObject } | string {
  let chain: X509Certificate[];
  try {
    chain = chainIn(certificatePem);
  } catch {
    return 'the certificate file cannot be read as certificates';
  }
  const [leaf] = chain;
  if (leaf === undefined) return 'the certificate file holds no certificate';
  const key = keyIn(keyPem);
  return key === undefined
    ? 'the key file holds no key that can be read without a passphrase'
    : { chain, leaf, key };
}

function iso(text: string): string {
  return new Date(text).toISOString();
}
