import { X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { renderCertificates } from '../../src/cli/render.ts';
import { runResult } from '../../src/client/run-result.ts';
import { startProcedure } from '../../src/client/start-procedure.ts';
import { certificateLines, listCertificatesProcedure } from '../../src/procedures/list-certificates.ts';
import { renewCertificateProcedure } from '../../src/procedures/renew-certificate.ts';
import { forgetLineages } from '../sandbox/authority.ts';
import { lifetime, makePair, placePair } from '../sandbox/certificates.ts';
import { run } from '../sandbox/command.ts';
import { fingerprintOf, handshake } from '../sandbox/handshake.ts';
import { imageNames } from '../sandbox/images.ts';
import { waitFor } from '../sandbox/readiness.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { say } from '../show.ts';
import { begin, title, untilDone } from './begin.ts';
import type { Ground } from './ground.ts';

const daysLeft = 10;
const servedWithinMs = 10_000;

/** A certificate that is about to end, and its renewal at the sandbox's own authority. */
export async function showRenewal(ground: Ground, by: string): Promise<void> {
  title(`A certificate of which ${daysLeft} days are left`);
  await serveEnding(ground.sandbox);
  await showCertificates(ground, by);
  const input = { by, reason: 'the tour' };
  await untilDone(ground, await begin(ground, 'Its renewal', renewCertificateProcedure, input));
  title('What customers get now');
  await showCertificates(ground, by);
}

/** As `hermes-ops certificates` prints it. */
async function showCertificates({ client, taskQueue }: Ground, by: string): Promise<void> {
  const { workflowId } = await startProcedure(client, listCertificatesProcedure, { by }, { taskQueue });
  const { text, result } = await runResult(client, workflowId);
  const lines = v.safeParse(certificateLines, result?.report);
  say(lines.success ? renderCertificates(lines.output) : text);
}

/** Puts a certificate that is about to end in front of customers, whatever the demo before this one left. */
async function serveEnding(sandbox: Sandbox): Promise<void> {
  const { folders, containers } = sandbox;
  const pair = await makePair(folders, (await imageNames()).nginx, lifetime(daysLeft));
  // certbot would have one already, and nothing would have to be ordered.
  await forgetLineages(folders);
  await placePair(folders.ssl, pair);
  await run('docker', ['exec', containers.nginx, 'nginx', '-s', 'reload']);
  const fingerprint = fingerprintOf(new X509Certificate(pair.certificatePem));
  await waitFor(
    async () => {
      const seen = await handshake(sandbox);
      return 'fingerprint' in seen && seen.fingerprint === fingerprint ? undefined : JSON.stringify(seen);
    },
    servedWithinMs,
    (inTheWay) => new Error(`nginx does not serve its new certificate: ${inTheWay}`),
  );
}
