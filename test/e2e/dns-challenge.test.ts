import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { handshake } from '../../scripts/sandbox/handshake.ts';
import type { RenewalReport } from '../../src/workflows/renew-certificate.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { onDisk } from './support/certificate-ground.ts';
import { type CertificateInstallation, installWithAuthority } from './support/certificate-installation.ts';
import { type DnsAuthority, startDnsAuthority } from './support/dns-authority.ts';
import { type Refusal, refusalOf } from './support/refusals.ts';

type Result = ProcedureResult<RenewalReport>;

let hermes: CertificateInstallation;
let dns: DnsAuthority;
let credentialsFile: string;
let before: string;

beforeAll(async () => {
  hermes = await installWithAuthority('dns', { worker: false });
  dns = await startDnsAuthority(hermes);
  credentialsFile = join(hermes.directory, 'rfc2136.ini');
});
afterAll(() => hermes?.close());
beforeEach(async () => {
  before = await hermes.prepare();
});

/** Renews with what the stack file says of the DNS. */
async function renewal(more: Record<string, unknown> = {}, file = credentialsFile) {
  await hermes.restartWorker({
    challenge: 'dns-01',
    hostnames: ['hermes.localhost', '*.hermes.localhost'],
    acmeServer: dns.directoryUrl,
    certbotImage: dns.certbotImage,
    dns: { plugin: 'rfc2136', credentialsFile: file, propagation: '1s' },
    ...more,
  });
  return hermes.renew();
}

async function expectRefused(handle: Awaited<ReturnType<typeof renewal>>): Promise<Refusal> {
  const refusal = await refusalOf(handle);
  expect(await handshake(hermes.sandbox)).toMatchObject({ fingerprint: before });
  expect(await onDisk(hermes.sandbox)).toEqual({ fingerprint: before, isPair: true });
  expect(await dns.challenges()).toEqual([]);
  return refusal;
}

test('a name and a wildcard are proved by the DNS: the new certificate is served for both, and no challenge is left', async () => {
  await dns.writeCredentials(credentialsFile);
  const result: Result = await (await renewal()).result();
  expect(result.outcome).toBe('done');
  const after = result.report?.service?.changes[0]?.after;
  expect(after?.names.toSorted()).toEqual(['*.hermes.localhost', 'hermes.localhost']);
  for (const name of ['hermes.localhost', 'voice.hermes.localhost', 'any-other.hermes.localhost'])
    expect(await handshake(hermes.sandbox, name)).toEqual({
      fingerprint: after?.fingerprint,
      protocol: 'h2',
    });
  expect(await onDisk(hermes.sandbox)).toEqual({ fingerprint: after?.fingerprint, isPair: true });
  expect(await dns.challenges()).toEqual([]);
});

test('credentials may lie in certbot’s own folder', async () => {
  const file = join(hermes.sandbox.authority?.letsencrypt ?? '', 'rfc2136.ini');
  await dns.writeCredentials(file);
  expect(await (await renewal({}, file)).result()).toMatchObject({ outcome: 'done' });
});

const wrongSecret = Buffer.alloc(32, 'wrong').toString('base64');

test.each([
  ['secret is wrong', { secret: wrongSecret }, 'refuses the key', 'the secret'],
  ['name is wrong', { name: 'hermes-oops.' }, 'does not know the key', 'the name'],
])('a key whose %s is told as such, by the file that it is in', async (_, key, what, lookAt) => {
  await dns.writeCredentials(credentialsFile, key);
  const { type, message } = await expectRefused(await renewal());
  expect(type).toBe('ChallengeFailed');
  expect(message).toContain(`the DNS server ${what}`);
  expect(message).toMatch(new RegExp(`${lookAt}.* in ${credentialsFile}`));
  expect(message).not.toContain(wrongSecret);
});

test('credentials that are not there are found before anything is ordered', async () => {
  const file = join(hermes.directory, 'missing.ini');
  const { type, message } = await expectRefused(await renewal({}, file));
  expect(type).toBe('StackFile');
  expect(message).toContain(`certificates.dns.credentialsFile`);
  expect(message).toContain(file);
});

test('an image without the plugin is told by the plugin’s name', async () => {
  await dns.writeCredentials(credentialsFile);
  const certbotImage = hermes.sandbox.authority?.certbotImage;
  const { message } = await expectRefused(await renewal({ certbotImage }));
  expect(message).toContain('dns-rfc2136');
  expect(message).toContain('certbotImage');
});
