import type {
  CertificateFacts,
  CertificatesLook,
  PairLook,
} from '../../../src/activities/contract/certificates.ts';

const dayMs = 86_400_000;
export const hostname = 'hermes.example.com';

/** A certificate of `days` with `left` of them left at `nowMs`. */
export function certificate(
  nowMs: number,
  { left, days = 90, fingerprint = 'a'.repeat(64) }: { left: number; days?: number; fingerprint?: string },
): CertificateFacts {
  const validTo = nowMs + left * dayMs;
  return {
    fingerprint,
    subject: `CN=${hostname}`,
    issuer: 'CN=Test CA',
    serial: '01',
    names: [hostname],
    validFrom: new Date(validTo - days * dayMs).toISOString(),
    validTo: new Date(validTo).toISOString(),
    keyType: 'ecdsa',
  };
}

export function pairOf(onDisk: CertificateFacts | undefined, changed: Partial<PairLook> = {}): PairLook {
  return {
    certificateFile: '/etc/nginx/ssl/cert.pem',
    keyFile: '/etc/nginx/ssl/key.pem',
    keyType: 'ecdsa',
    lineage: hostname,
    diskProblem: '',
    inLineage: onDisk?.fingerprint ?? null,
    ...(onDisk === undefined ? {} : { onDisk }),
    served: [
      {
        hostname,
        listener: `${hostname}:443`,
        refusal: '',
        protocol: 'h2',
        ...(onDisk === undefined ? {} : { certificate: onDisk }),
      },
    ],
    ...changed,
  };
}

export function lookOf(...pairs: PairLook[]): CertificatesLook {
  return { pairs, healthy: true, suggested: [] };
}
