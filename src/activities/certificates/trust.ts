import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import type { Setting } from '../setting.ts';
import { chainIn } from './facts.ts';

/** The roots that customers trust, as PEM: the stack file's, or the public ones. */
export async function trustedRoots({ stack }: Setting): Promise<string[]> {
  const { caFile } = stack.service;
  return caFile === undefined ? [...rootCertificates] : [await readFile(caFile, 'utf8')];
}

/**
 * Why a client that trusts `roots` would not get from the first certificate to a root; undefined when it would.
 * Only what is in the chain is used, as by a client that sees it for the first time.
 */
export function chainProblem(
  chain: readonly X509Certificate[],
  roots: readonly string[],
  now: Date,
): string | undefined {
  const trusted = roots.flatMap(chainIn);
  for (let [index, current] = [0, chain[0]]; current !== undefined && index < chain.length; index += 1) {
    const certificate = current;
    if (trusted.some((root) => root.fingerprint256 === certificate.fingerprint256)) return undefined;
    if (trusted.some((root) => issued(root, certificate) && isCurrent(root, now))) return undefined;
    const next = chain.slice(1).find((candidate) => candidate.ca && issued(candidate, certificate));
    if (next === undefined)
      return `the chain ends at ${nameOf(certificate)}, which no trusted root has signed`;
    if (!isCurrent(next, now)) return `${nameOf(next)} in the chain is past its end`;
    current = next;
  }
  return 'the chain leads to no trusted root';
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer !== certificate && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isCurrent({ validTo }: X509Certificate, now: Date): boolean {
  return Date.parse(validTo) > now.getTime();
}

function nameOf({ subject, issuer }: X509Certificate): string {
  const name = subject === undefined || subject === '' ? `a certificate of ${issuer}` : subject;
  return name.split('\n').at(-1) ?? name;
}
