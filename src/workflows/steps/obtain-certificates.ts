import { proxyActivities } from '@temporalio/workflow';
import type { CertificatesActivities, Obtained, PairLook } from '../../activities/contract/certificates.ts';
import type { Waiting } from './authority-wait.ts';
import { longChange, shortChange } from './policies.ts';
import { describeCertificate } from './put-into-service.ts';
import type { Run } from './run.ts';

const { obtainCertificate } = proxyActivities<CertificatesActivities>(longChange);
const { startProxy, stopObtaining, stopProxy } = proxyActivities<CertificatesActivities>(shortChange);

export type Orders =
  | { kind: 'obtained'; durations: { certificateFile: string; durationMs: number }[] }
  | { kind: 'wait'; waiting: Waiting };

/** Orders what is due, one after another; ends at the first that the authority does not take now. */
export async function obtainAll(run: Run, pairs: PairLook[]): Promise<Orders> {
  const durations: { certificateFile: string; durationMs: number }[] = [];
  for (const pair of pairs) {
    const obtained = await (run.policy.certificates.challenge === 'standalone'
      ? withoutProxy(run, () => obtain(run, pair))
      : obtain(run, pair));
    if (obtained.outcome !== 'obtained') return { kind: 'wait', waiting: obtained };
    durations.push({ certificateFile: pair.certificateFile, durationMs: obtained.durationMs });
  }
  return { kind: 'obtained', durations };
}

async function obtain(run: Run, { certificateFile, lineage, inLineage }: PairLook): Promise<Obtained> {
  const forget = run.onFailure('Stop certbot, if it still runs', () => stopObtaining({ certificateFile }));
  const obtained = await run.change(
    `Order a certificate for ${lineage}`,
    () => obtainCertificate({ certificateFile, replaces: inLineage }),
    (result) =>
      result.outcome === 'obtained' ? describeCertificate(result.certificate) : `not now: ${result.text}`,
  );
  forget();
  return obtained;
}

/** The runbook's own way, where certbot answers in the place of nginx. Customers are locked out until it is over. */
async function withoutProxy<T>(run: Run, act: () => Promise<T>): Promise<T> {
  const forget = run.onFailure('Start nginx again', () => startProxy());
  // -- customers are locked out from here --
  await run.change('Stop nginx: customers are locked out', () => stopProxy());
  const result = await act();
  await run.change('Start nginx again', () => startProxy());
  // -- to here --
  forget();
  return result;
}
