import { patched, proxyActivities } from '@temporalio/workflow';
import type { CertificatesActivities, Obtained, PairLook } from '../../activities/contract/certificates.ts';
import type { Waiting } from './authority-wait.ts';
import { longChange, outage, shortChange } from './policies.ts';
import { describeCertificate } from './put-into-service.ts';
import type { Run } from './run.ts';

const { obtainCertificate } = proxyActivities<CertificatesActivities>(longChange);
const { obtainWithoutProxy } = proxyActivities<CertificatesActivities>(outage);
const { bringProxyBack, startProxy, stopObtaining, stopProxy } =
  proxyActivities<CertificatesActivities>(shortChange);

export type Orders =
  | { kind: 'obtained'; durations: { certificateFile: string; durationMs: number }[] }
  | { kind: 'wait'; waiting: Waiting };

/** Orders what is due, one after another; ends at the first that the authority does not take now. */
export async function obtainAll(run: Run, pairs: PairLook[]): Promise<Orders> {
  const durations: { certificateFile: string; durationMs: number }[] = [];
  for (const pair of pairs) {
    const obtained = await (run.policy.certificates.challenge === 'standalone'
      ? standalone(run, pair)
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
    describeOrder,
  );
  forget();
  return obtained;
}

function describeOrder(result: Obtained): string {
  return result.outcome === 'obtained' ? describeCertificate(result.certificate) : `not now: ${result.text}`;
}

/**
 * The runbook's own way, where certbot answers in the place of nginx. One step, so that nginx is started again by the
 * attempt that stopped it, also when this run is terminated meanwhile.
 */
async function standalone(run: Run, pair: PairLook): Promise<Obtained> {
  // Runs that began with three steps go their old way to the end.
  if (!patched('standalone-in-one-step')) return withoutProxy(run, () => obtain(run, pair));
  const { certificateFile, lineage, inLineage } = pair;
  const forget = run.onFailure('Start nginx, if it is still stopped', () => bringProxyBack());
  // -- customers are locked out within it --
  const obtained = await run.change(
    `Order a certificate for ${lineage} with nginx stopped: customers are locked out`,
    () => obtainWithoutProxy({ certificateFile, replaces: inLineage }),
    (result) => `${describeOrder(result)}. nginx is started again`,
  );
  forget();
  return obtained;
}

async function withoutProxy<T>(run: Run, act: () => Promise<T>): Promise<T> {
  const forget = run.onFailure('Start nginx again', () => startProxy());
  await run.change('Stop nginx: customers are locked out', () => stopProxy());
  const result = await act();
  await run.change('Start nginx again', () => startProxy());
  forget();
  return result;
}
