import { proxyActivities } from '@temporalio/workflow';
import type { CertificatesActivities, PairLook, PairSource } from '../activities/contract/certificates.ts';
import { problem } from '../problem.ts';
import { installCertificateProcedure } from '../procedures/install-certificate.ts';
import { describeLook, describeService } from './steps/certificate-words.ts';
import { quickLook } from './steps/policies.ts';
import { type Ending, procedure, type ProcedureResult } from './steps/procedure.ts';
import {
  describeCertificate,
  type InService,
  putIntoService,
  type Service,
} from './steps/put-into-service.ts';
import { sweepCertificateLeftovers } from './steps/sweep-certificates.ts';

const { checkGround, checkPair, lookAtCertificates } = proxyActivities<CertificatesActivities>(quickLook);

export interface InstallationReport {
  before: PairLook;
  service?: InService;
}

/** Puts a certificate that a person brings in front of customers, with the same checks as a renewed one. */
export async function installCertificate(raw: unknown): Promise<ProcedureResult<InstallationReport>> {
  return procedure(installCertificateProcedure, raw, async (run, { certificate, key, pair: keyType }) => {
    await run.lock('certificates');
    const look = await run.step(
      'Look at what is served and at what is on the disk',
      () => lookAtCertificates(),
      describeLook,
    );
    const pair = look.pairs.find((each) => keyType === undefined || each.keyType === keyType);
    if (pair === undefined)
      throw problem('InvalidInput', {
        what: `nginx serves no ${keyType ?? ''} certificate by the stack file.`,
      });
    const { certificateFile } = pair;
    const source: PairSource = { kind: 'incoming', certificate, key };
    await run.step('Can a new pair be installed? Does nginx take its configuration?', () =>
      checkGround({ certificateFiles: [certificateFile], testProxy: pair.diskProblem === '' }),
    );
    const brought = await run.step(
      'Check the certificate that was brought',
      () => checkPair({ certificateFile, source, replaces: null, renewal: false }),
      describeCertificate,
    );
    run.plan(
      [
        `Install ${describeCertificate(brought)} as ${certificateFile}`,
        pair.onDisk === undefined
          ? 'there is none that can be read'
          : `in the place of ${describeCertificate(pair.onDisk)}, which is kept`,
        'reload nginx, check what customers get, and put the old pair back if they do not get the new one',
      ],
      { certificateFile, replaces: pair.onDisk?.fingerprint ?? null, fingerprint: brought.fingerprint },
    );
    await sweepCertificateLeftovers(run);
    await run.approval('install-certificate');
    await run.confirmLock('certificates');
    const service = await putIntoService(run, look, [{ pair, source }], false);
    return endingOf(pair, service);
  });
}

function endingOf(before: PairLook, service: Service): Ending<InstallationReport> {
  if ('rolledBack' in service)
    return { outcome: 'rolled-back', summary: service.rolledBack, report: { before } };
  const { inService } = service;
  return { summary: `Installed: ${describeService(inService)}`, report: { before, service: inService } };
}
