import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateFacts } from '../contract/certificates.ts';

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates in PEM text, in their order. Throws where one of them is not a certificate. */
export function chainIn(pem: string): X509Certificate[] {
  return (pem.match(block) ?? []).map((text) => new X509Certificate(text));
}

/** The private key in PEM text; undefined for anything else, a key with a passphrase included. */
export function keyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    fingerprint: fingerprintOf(certificate),
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serial: certificate.serialNumber.toLowerCase(),
    names: namesOf(certificate),
    validFrom: isoTime(certificate.validFrom),
    validTo: isoTime(certificate.validTo),
    keyType: keyTypeOf(certificate.publicKey),
  };
}

export function fingerprintOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}

/** The names that it is good for, as its subject alternative names say. */
export function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  return [...subjectAltName.matchAll(/(?:DNS|IP Address):("(?:[^"\\]|\\.)*"|[^,]+)/g)].map(([, name = '']) =>
    name.trim(),
  );
}

export function keyTypeOf({ asymmetricKeyType }: KeyObject): string {
  return asymmetricKeyType === 'ec' ? 'ecdsa' : (asymmetricKeyType ?? 'unknown').replace(/-pss$/, '');
}

function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ').slice(0, 200);
}

/** `Nov 25 10:54:04 2026 GMT`. */
function isoTime(text: string): string {
  return new Date(text).toISOString();
}
