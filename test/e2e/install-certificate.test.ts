import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lifetime, type SandboxPair } from '../../scripts/sandbox/certificates.ts';
import type { InstallationReport } from '../../src/workflows/install-certificate.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { handshake } from '../../scripts/sandbox/handshake.ts';
import { fingerprintIn, onDisk, pairFor } from './support/certificate-ground.ts';
import { type CertificateInstallation, installWithAuthority } from './support/certificate-installation.ts';
import { refusalOf } from './support/refusals.ts';
import { openPlan, start } from './support/runs.ts';

type Result = ProcedureResult<InstallationReport>;

let hermes: CertificateInstallation;
let incoming: string;
let before: string;

beforeAll(async () => {
  hermes = await installWithAuthority('bring');
  incoming = hermes.sandbox.folders.incoming;
});
afterAll(() => hermes?.close());
beforeEach(async () => {
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming);
  before = await hermes.prepare();
});

let count = 0;

/** Puts a pair where a person puts it, and starts its installation. */
async function bring(pair: Partial<SandboxPair>, input: object = {}): Promise<WorkflowHandle> {
  const { certificatePem, keyPem } = pair;
  if (certificatePem !== undefined) await writeFile(join(incoming, 'fullchain.pem'), certificatePem);
  if (keyPem !== undefined) await writeFile(join(incoming, 'privkey.pem'), keyPem);
  count += 1;
  return start(hermes.client, 'installCertificate', `bring-${count}`, { by: 'chris', ...input });
}

/** A certificate that is refused is so before anybody is asked, and nothing has changed. */
async function refused(pair: Partial<SandboxPair>, input: object = {}): Promise<string> {
  const { type, message } = await refusalOf(await bring(pair, input));
  expect(type).toBe('UnfitCertificate');
  expect(await handshake(hermes.sandbox)).toMatchObject({ fingerprint: before });
  expect(await onDisk(hermes.sandbox)).toEqual({ fingerprint: before, isPair: true });
  return message;
}

/** What the authority has really issued: a leaf, its intermediate, its key. */
async function ordered(): Promise<SandboxPair> {
  const { letsencrypt } = hermes.sandbox.folders;
  const handle = await hermes.renew();
  expect(await handle.result()).toMatchObject({ outcome: 'done' });
  const live = join(letsencrypt, 'live', 'hermes.localhost');
  const [certificatePem, keyPem] = await Promise.all([
    readFile(join(live, 'fullchain.pem'), 'utf8'),
    readFile(join(live, 'privkey.pem'), 'utf8'),
  ]);
  return { certificatePem, keyPem };
}

describe('a certificate that a person brings', () => {
  test('is checked, shown, installed after an approval, and served', async () => {
    const handle = await bring(hermes.fresh);
    const plan = await openPlan(handle);
    expect(await handshake(hermes.sandbox)).toMatchObject({ fingerprint: before });
    await handle.signal('approve', { by: 'dana', plan });
    const result: Result = await handle.result();
    const brought = fingerprintIn(hermes.fresh.certificatePem);
    expect(result).toMatchObject({
      outcome: 'done',
      report: { before: { onDisk: { fingerprint: before } }, service: { lostConnections: 0 } },
    });
    expect(await handshake(hermes.sandbox, 'voice.hermes.localhost')).toMatchObject({ fingerprint: brought });
    expect(await onDisk(hermes.sandbox)).toEqual({ fingerprint: brought, isPair: true });
  });

  test('is refused when it is for another name', async () => {
    const pair = await pairFor(hermes, {
      ...lifetime(80),
      names: ['hermes.localhost', 'elsewhere.localhost'],
    });
    expect(await refused(pair)).toContain('it is not good for voice.hermes.localhost');
  });

  test('is refused when the key is another one’s', async () => {
    expect(await refused({ ...hermes.fresh, keyPem: hermes.due.keyPem })).toContain(
      'the key is not the certificate’s',
    );
  });

  test('is refused when its chain is cut short, and taken when it is whole', async () => {
    const whole = await ordered();
    before = await hermes.prepare();
    const [leaf = ''] = whole.certificatePem.split(/(?<=-----END CERTIFICATE-----)\n/);
    expect(await refused({ ...whole, certificatePem: leaf })).toContain('which no trusted root has signed');
    const handle = await bring(whole);
    await handle.signal('approve', { by: 'dana', plan: await openPlan(handle) });
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    expect(await handshake(hermes.sandbox)).toMatchObject({ fingerprint: fingerprintIn(leaf) });
  });

  test('is refused when it has ended, or is not valid before tomorrow, and the clock is mentioned', async () => {
    expect(await refused(await pairFor(hermes, lifetime(-1)))).toMatch(/it ended at .* clock says/);
    expect(await refused(await pairFor(hermes, lifetime(91)))).toMatch(/not valid before .* clock says/);
  });

  test('is refused when it is no certificate, or not there', async () => {
    expect(await refused({ certificatePem: 'hello', keyPem: 'hello' })).toContain('holds no certificate');
    expect(await refused({}, { certificate: 'another.pem' })).toContain('There is no file');
  });

  test('is refused when its file leads out of the folder', async () => {
    await symlink('/etc/hostname', join(incoming, 'fullchain.pem'));
    expect(await refused({ keyPem: hermes.fresh.keyPem })).toContain('leads out of');
    const { type } = await refusalOf(await bring({}, { certificate: '../trust.pem' }));
    expect(type).toBe('InvalidInput');
  });
});
