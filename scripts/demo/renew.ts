import { X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as v from 'valibot';
import { renderCertificates } from '../../src/cli/render.ts';
import { runResult } from '../../src/client/run-result.ts';
import { startProcedure } from '../../src/client/start-procedure.ts';
import { certificateLines, listCertificatesProcedure } from '../../src/procedures/list-certificates.ts';
import { renewCertificateProcedure } from '../../src/procedures/renew-certificate.ts';
import { makePair, placePair } from '../sandbox/certificates.ts';
import { run } from '../sandbox/command.ts';
import { fingerprintOf, handshake } from '../sandbox/handshake.ts';
import { imageNames } from '../sandbox/images.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { say } from '../show.ts';
import { begin, title, untilDone } from './begin.ts';
import type { Ground } from './ground.ts';

const dayMs = 86_400_000;
const daysLeft = 10;
const servedWithinMs = 10_000;
const lookIntervalMs = 100;

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
  const validTo = new Date(Date.now() + daysLeft * dayMs);
  const validFrom = new Date(validTo.getTime() - 90 * dayMs);
  const pair = await makePair(folders, (await imageNames()).nginx, { validFrom, validTo });
  // certbot would have one already, and nothing would have to be ordered.
  for (const name of ['live', 'archive', 'renewal'])
    await rm(join(folders.letsencrypt, name), { recursive: true, force: true });
  await placePair(folders.ssl, pair);
  await run('docker', ['exec', containers.nginx, 'nginx', '-s', 'reload']);
  const fingerprint = fingerprintOf(new X509Certificate(pair.certificatePem));
  for (const deadlineMs = Date.now() + servedWithinMs; ;) {
    const seen = await handshake(sandbox);
    if ('fingerprint' in seen && seen.fingerprint === fingerprint) return;
    if (Date.now() > deadlineMs)
      throw new Error(`nginx does not serve its new certificate: ${JSON.stringify(seen)}`);
    await pause(lookIntervalMs);
  }
}
