import type { CertificateFacts, CertificatesLook } from '../../activities/contract/certificates.ts';
import type { Notice } from '../../activities/contract/runs.ts';
import { leftMs, lifetimeMs } from './certificate-decision.ts';

type Severity = Notice['severity'];

const dayMs = 86_400_000;
/** The numbers of days are meant for certificates of 90 days; shorter ones get as much less. */
const usualLifetimeMs = 90 * dayMs;
const failureLimitsMs = [20, 10, 3].map((days) => days * dayMs);
const rising: Severity[] = ['P3', 'P2', 'P1'];

/** How bad it is that a certificate ends: nothing yet, or worse with each limit that is passed. Expired is an outage. */
export function expirySeverity(
  certificate: CertificateFacts,
  warnBeforeMs: readonly number[],
  nowMs: number,
): Severity | undefined {
  return severityBy(certificate, warnBeforeMs, nowMs);
}

/** How bad a renewal that failed is, by what is left of the certificate. */
export function failureSeverity(certificate: CertificateFacts, nowMs: number): Severity | undefined {
  return severityBy(certificate, failureLimitsMs, nowMs);
}

function severityBy(
  certificate: CertificateFacts,
  limitsMs: readonly number[],
  nowMs: number,
): Severity | undefined {
  const left = leftMs(certificate, nowMs);
  if (left <= 0) return 'P0';
  const scale = Math.min(1, lifetimeMs(certificate) / usualLifetimeMs);
  const passed = limitsMs.filter((limitMs) => left <= limitMs * scale).length;
  return passed === 0 ? undefined : rising[Math.min(passed, rising.length) - 1];
}

/** The certificate that ends first, of those that customers get; of those on the disk where nothing is served. */
export function firstToEnd(look: CertificatesLook): CertificateFacts | undefined {
  const served = look.pairs.flatMap((pair) => pair.served.map(({ certificate }) => certificate));
  const all = [...served, ...look.pairs.map(({ onDisk }) => onDisk)].filter((facts) => facts !== undefined);
  return all.sort((a, b) => Date.parse(a.validTo) - Date.parse(b.validTo))[0];
}

export function worse(a: Severity, b: Severity | undefined): boolean {
  return b === undefined || a < b;
}
