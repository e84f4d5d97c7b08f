import type { CertificatesActivities } from '../../../src/activities/contract/certificates.ts';
import { certificate, hostname, lookOf, pairOf } from './certificate-looks.ts';

const dayMs = 86_400_000;

/** What a renewal brings. */
export const after = certificate(Date.parse('2026-12-01T00:00:00Z'), {
  left: 90,
  fingerprint: 'b'.repeat(64),
});

/** A renewal that goes well, of a certificate that is not due: tests say with `lookAtCertificates` what is. */
export function certificatesOnAGoodDay(): CertificatesActivities {
  return {
    lookAtCertificates: async () => lookOf(pairOf(certificate(Date.now(), { left: 80 }))),
    checkGround: async () => ({ webroot: '/srv/webroot' }),
    tryChallenge: async () => ({ hostnames: [hostname] }),
    obtainCertificate: async () => ({ outcome: 'obtained', certificate: after, durationMs: 4_000 }),
    stopObtaining: async () => undefined,
    checkPair: async () => after,
    installPair: async () => ({ certificate: after, keptIn: '/srv/ssl/cert.pem.pairs' }),
    putBackPair: async () => ({ putBack: true }),
    reloadForCertificates: async () => ({
      servedAfterMs: 150,
      connections: 12,
      failedConnections: 0,
      oldWorkers: 0,
    }),
    checkClients: async () => ({ served: [], healthMs: 12 }),
    obtainWithoutProxy: async () => ({ outcome: 'obtained', certificate: after, durationMs: 4_000 }),
    bringProxyBack: async () => ({ started: ['hermes-nginx'] }),
    stopProxy: async () => ({ stopped: ['hermes-nginx'] }),
    startProxy: async () => ({ started: ['hermes-nginx'] }),
    sweepCertificates: async () => ({ removed: [] }),
  };
}

/** Looks as they are when the only certificate has `left` days left at the first look, on a clock that goes on. */
export function ending(
  left: number,
  now: () => Promise<number>,
): CertificatesActivities['lookAtCertificates'] {
  let validToMs: number | undefined;
  return async () => {
    const nowMs = await now();
    validToMs ??= nowMs + left * dayMs;
    return lookOf(pairOf(certificate(nowMs, { left: (validToMs - nowMs) / dayMs })));
  };
}
