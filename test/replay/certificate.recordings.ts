import type { Obtained } from '../../src/activities/contract/certificates.ts';
import { after, ending } from '../unit/workflows/certificate-fakes.ts';
import { policy, world } from '../unit/workflows/fakes.ts';
import { approve, failing, firstThen, type Recording } from './recording.ts';

const renewal = { workflowType: 'renewCertificate', input: { by: 'chris' } };
const standalone = {
  readPolicy: async () => ({
    ...policy,
    certificates: { ...policy.certificates, challenge: 'standalone' as const },
  }),
};
const limited = { outcome: 'rate-limited', text: 'too many certificates', retryAfterMs: 7_200_000 } as const;
const ordered = { outcome: 'obtained', certificate: after, durationMs: 4_000 } as const;

/** `now` is the time of the server, which is skipped: the certificate's days pass with it. */
export function certificateRecordings(now: () => Promise<number>): Recording[] {
  const due = { lookAtCertificates: ending(10, now) };
  return [
    { ...renewal, file: 'renew-certificate.not-due' },
    { ...renewal, file: 'renew-certificate.done', scene: world(due) },
    { ...renewal, file: 'renew-certificate.planned', input: { dryRun: true }, scene: world(due) },
    { ...renewal, file: 'renew-certificate.forced', input: { force: true }, act: approve },
    {
      ...renewal,
      file: 'renew-certificate.rate-limited',
      scene: world({ ...due, obtainCertificate: firstThen<Obtained>(limited, ordered) }),
    },
    {
      ...renewal,
      file: 'renew-certificate.standalone',
      scene: world({ ...due, ...standalone }),
      act: approve,
    },
    {
      ...renewal,
      file: 'renew-certificate.standalone-failed',
      scene: world({ ...due, ...standalone, obtainWithoutProxy: failing('ChallengeFailed') }),
      act: approve,
    },
    {
      ...renewal,
      file: 'renew-certificate.rolled-back',
      scene: world({ ...due, checkClients: failing('NotServed') }),
    },
    {
      ...renewal,
      file: 'renew-certificate.failed',
      scene: world({ ...due, tryChallenge: failing('ChallengeFailed') }),
    },
    { file: 'install-certificate.done', workflowType: 'installCertificate', input: {}, act: approve },
    {
      file: 'install-certificate.rolled-back',
      workflowType: 'installCertificate',
      input: {},
      scene: world({ checkClients: failing('NotServed') }),
      act: approve,
    },
  ];
}
