import { proxyActivities } from '@temporalio/workflow';
import type { CertificatesActivities } from '../../activities/contract/certificates.ts';
import type { ContainerActivities } from '../../activities/contract/service.ts';
import { underTitle } from './current-step.ts';
import { shortChange } from './policies.ts';
import type { Run } from './run.ts';

const { sweepJobContainers } = proxyActivities<ContainerActivities>(shortChange);
const { sweepCertificates } = proxyActivities<CertificatesActivities>(shortChange);

/** Removes what ended runs left: a certbot that still works, tokens, half-written pairs. The container first. */
export async function sweepCertificateLeftovers(run: Run): Promise<string[]> {
  return run.change(
    'Remove what ended renewals left behind',
    async () => {
      const containers = await underTitle('Remove job containers of ended runs', () => sweepJobContainers());
      const files = await underTitle('Remove tokens and unfinished pairs of ended runs', () =>
        sweepCertificates(),
      );
      return [...containers.removed, ...files.removed];
    },
    (removed) => (removed.length === 0 ? 'nothing' : removed.join(', ')),
  );
}
