import type { CertificatesLook } from '../../activities/contract/certificates.ts';
import type { CertificatePolicy } from '../../activities/contract/runs.ts';
import type { CertificateLine } from '../../procedures/list-certificates.ts';
import { dueAtMs, leftMs, type PairWork, servedInstead, spokenDays } from './certificate-decision.ts';
import { firstToEnd } from './certificate-urgency.ts';
import type { InService } from './put-into-service.ts';
import { counted } from './words.ts';

export function describeLook(look: CertificatesLook): string {
  const first = firstToEnd(look);
  if (first === undefined) return 'no certificate is served, and none is on the disk';
  return `the first to end does so in ${spokenDays(leftMs(first, Date.now()))} (${first.validTo.slice(0, 10)}), issued by ${first.issuer.replace(/^.*CN=/, '')}`;
}

/** What is going to be done, in order. */
export function planLines(work: PairWork[], policy: CertificatePolicy): string[] {
  const doing = work.filter(({ kind }) => kind !== 'nothing');
  const orders = doing.filter(({ kind }) => kind === 'order');
  return [
    ...doing.map(({ kind, pair, why }) => `${verbs[kind]} ${pair.certificateFile} (${pair.keyType}): ${why}`),
    ...(orders.length === 0 ? [] : orderLines(policy)),
    doing.every(({ kind }) => kind === 'reload')
      ? 'reload nginx, and check what customers get'
      : 'check the new pair, switch nginx’s files to it in one step, reload nginx, check what customers get; put the old pair back if they do not get the new one',
  ];
}

const verbs: Record<PairWork['kind'], string> = {
  nothing: 'Leave',
  reload: 'Reload nginx for',
  install: 'Install what certbot has for',
  order: 'Renew',
};

function orderLines({ hostnames, challenge, acmeServer }: CertificatePolicy): string[] {
  return [
    `order it at ${acmeServer} for ${hostnames.join(', ')}, proved by ${challenge}`,
    ...(challenge === 'standalone'
      ? ['Attention: nginx is stopped meanwhile, and customers are locked out for as long as the order takes']
      : []),
  ];
}

export function describeService({ changes, reload, lostConnections }: InService): string {
  const each = changes.map(
    ({ after }) =>
      `${after.names[0] ?? after.subject} until ${after.validTo.slice(0, 16).replace('T', ' ')}Z`,
  );
  return `${each.join('; ')}. Served ${reload.servedAfterMs} ms after the reload; ${counted(lostConnections, 'connection')} lost.`;
}

/** Every name with what is served for it. */
export function certificateLines(
  look: CertificatesLook,
  { renewAtLifetimeLeft }: CertificatePolicy,
  nowMs: number,
): CertificateLine[] {
  return look.pairs.flatMap((pair) =>
    pair.served.map(({ hostname, listener, certificate, refusal, failure }) => {
      const troubles = [
        failure ?? (refusal === '' ? '' : `clients refuse it: ${refusal}`),
        pair.diskProblem === '' ? '' : `on the disk: ${pair.diskProblem}`,
        pair.diskProblem === '' && servedInstead(pair) !== undefined ? 'the disk has another one' : '',
      ];
      return {
        hostname,
        listener,
        keyType: certificate?.keyType ?? pair.keyType,
        issuer: certificate?.issuer.replace(/^.*CN=/, '') ?? '',
        serial: certificate?.serial ?? '',
        names: certificate?.names ?? [],
        validTo: certificate?.validTo ?? '',
        daysLeft: certificate === undefined ? 0 : Math.floor(leftMs(certificate, nowMs) / 86_400_000),
        dueAt:
          certificate === undefined ? '' : new Date(dueAtMs(certificate, renewAtLifetimeLeft)).toISOString(),
        fingerprint: certificate?.fingerprint ?? '',
        trouble: troubles.filter((text) => text !== '').join('; '),
      };
    }),
  );
}

export function describeWork(work: PairWork[]): string {
  return work.map(({ pair, why }) => `${pair.certificateFile}: ${why}`).join('; ');
}
