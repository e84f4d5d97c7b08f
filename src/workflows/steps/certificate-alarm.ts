import { isCancellation } from '@temporalio/workflow';
import type { CertificateFacts, CertificatesLook } from '../../activities/contract/certificates.ts';
import type { Notice } from '../../activities/contract/runs.ts';
import { alarm } from './alarm.ts';
import { leftMs, spokenDays } from './certificate-decision.ts';
import { expirySeverity, failureSeverity, firstToEnd } from './certificate-urgency.ts';
import { clockTime } from './clock.ts';
import { problemTypeOf } from '../../problem.ts';
import { rootMessage } from './failure-text.ts';
import { PlanOnly, type Run } from './run.ts';

/** Below each of the stack file's limits people are told, louder each time; what has ended is an outage. */
export async function warnOfEnds(run: Run, look: CertificatesLook): Promise<void> {
  const told = new Set<string>();
  for (const { hostname, certificate } of look.pairs.flatMap(({ served }) => served)) {
    if (certificate === undefined || told.has(certificate.fingerprint)) continue;
    const severity = expirySeverity(certificate, run.policy.certificates.warnBeforeMs, Date.now());
    if (severity === undefined) continue;
    told.add(certificate.fingerprint);
    await alarm(run, {
      severity,
      title: `The certificate of ${hostname} on ${run.policy.stack} ${endOf(certificate)}`,
      text: `It was issued by ${certificate.issuer}. The renewal goes on; its run says how.`,
    });
  }
}

/** A renewal that failed is an incident, as bad as what is left of the certificate. Nothing is left unsaid in the record. */
export async function alarmOfFailure(
  run: Run,
  look: CertificatesLook | undefined,
  why: string,
  atLeast?: Notice['severity'],
): Promise<Notice['severity'] | undefined> {
  const first = look === undefined ? undefined : firstToEnd(look);
  const byDays = first === undefined ? 'P2' : failureSeverity(first, Date.now());
  const severity = atLeast !== undefined && (byDays === undefined || atLeast < byDays) ? atLeast : byDays;
  if (severity === undefined) {
    run.note('Nobody is told yet: enough of the certificate is left for the next tries.');
    return undefined;
  }
  await alarm(run, {
    severity,
    title: `The certificate of ${run.policy.stack} was not renewed${first === undefined ? '' : `; it ${endOf(first)}`}`,
    text: why,
  });
  return severity;
}

/** No incident: somebody decided so, or another run is at it. */
const notAlarming = new Set(['Rejected', 'NotApproved', 'ResourceBusy', 'InvalidInput']);

/** Runs a renewal; one that fails is told to people by the days that are left. */
export async function alarmingFailures<T>(
  run: Run,
  lookSoFar: () => CertificatesLook | undefined,
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const type = problemTypeOf(error);
    const alarming = !(error instanceof PlanOnly) && !isCancellation(error) && !run.dryRun;
    if (alarming && (type === undefined || !notAlarming.has(type)))
      await alarmOfFailure(run, lookSoFar(), rootMessage(error));
    throw error;
  }
}

function endOf(certificate: CertificateFacts): string {
  const left = leftMs(certificate, Date.now());
  const at = clockTime(Date.parse(certificate.validTo));
  return left <= 0 ? `ended at ${at}` : `ends in ${spokenDays(left)}, at ${at}`;
}
