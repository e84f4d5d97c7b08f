import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RenewalReport } from '../../src/workflows/renew-certificate.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import {
  type CertificateInstallation,
  installWithAuthority,
} from '../e2e/support/certificate-installation.ts';
import { bench, inTurns, report } from './support/compare.ts';
import { type Noticed, startConnections } from './support/new-connections.ts';
import { forgetByHand, renewWithHooks, stopRenewStart } from './support/renew-by-hand.ts';

let hermes: CertificateInstallation;

beforeAll(async () => {
  hermes = await installWithAuthority('bench-renewal');
});
afterAll(() => hermes?.close());

/** A certificate that is due, customers who connect all the time, and a way to renew it. */
async function measured(act: () => Promise<unknown>): Promise<Noticed> {
  await hermes.prepare();
  await forgetByHand(hermes.sandbox);
  const customers = await startConnections(hermes.sandbox, bench.requestsPerSecond);
  await act();
  return customers.stop();
}

async function renew(): Promise<void> {
  const result: ProcedureResult<RenewalReport> = await (await hermes.renew()).result();
  expect(result.outcome).toBe('done');
}

test.each([
  ['docker-compose stop nginx, certbot, cp, docker-compose start nginx', stopRenewStart],
  ['certbot --standalone with hooks that stop and start nginx', renewWithHooks],
])('a renewal, beside %s', async (way, byHand) => {
  const turns = await inTurns(
    () => measured(renew),
    () => measured(() => byHand(hermes.sandbox)),
  );
  const both = (of: (one: Noticed) => number) => ({
    ours: turns.ours.map(of),
    byHand: turns.byHand.map(of),
    way,
  });
  await report([
    { name: 'renewal: new connections that fail', unit: 'requests', ...both(({ failed }) => failed) },
    { name: 'renewal: longest time without an answer', unit: 's', ...both(({ longestGapS }) => longestGapS) },
    { name: 'renewal: until the new one is served', unit: 's', ...both(({ otherAfterS }) => otherAfterS) },
  ]);
  for (const { failed } of turns.ours) expect(failed).toBe(0);
});
