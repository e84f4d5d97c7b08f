import { proxyActivities } from '@temporalio/workflow';
import type { CertificatesActivities } from '../activities/contract/certificates.ts';
import { type CertificateLine, listCertificatesProcedure } from '../procedures/list-certificates.ts';
import { certificateLines, describeLook } from './steps/certificate-words.ts';
import { quickLook } from './steps/policies.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';

const { lookAtCertificates } = proxyActivities<CertificatesActivities>(quickLook);

/** Shows what is served for each name. Runbook: SSL Certificate Renewal, "Check Expiry". */
export async function listCertificates(raw: unknown): Promise<ProcedureResult<CertificateLine[]>> {
  return procedure(listCertificatesProcedure, raw, async (run) => {
    const look = await run.step('Look at the certificates', () => lookAtCertificates(), describeLook);
    const report = certificateLines(look, run.policy.certificates, Date.now());
    const bad = report.filter(({ trouble }) => trouble !== '').length;
    const summary = `${capital(describeLook(look))}${bad === 0 ? '' : `; ${bad} of ${report.length} are in trouble`}.`;
    return { summary, report };
  });
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
