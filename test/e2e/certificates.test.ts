import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CertificateLine } from '../../src/procedures/list-certificates.ts';
import { schedulesOff } from './support/installation.ts';
import { lifetime } from '../../scripts/sandbox/certificates.ts';
import { fingerprintIn, pairFor } from './support/certificate-ground.ts';
import { type CertificateInstallation, installWithAuthority } from './support/certificate-installation.ts';

let hermes: CertificateInstallation;
beforeAll(async () => {
  hermes = await installWithAuthority('ends');
});
afterAll(() => hermes?.close());

async function lines(): Promise<CertificateLine[]> {
  const { stdout, exitCode } = await hermes.hermesOps('certificates', '--json');
  expect(exitCode).toBe(0);
  return JSON.parse(stdout);
}

describe('hermes-ops certificates', () => {
  test('prints a line for each name: what is served, when it ends, from when it is renewed', async () => {
    const served = await hermes.prepare(hermes.fresh);
    const { stdout, exitCode } = await hermes.hermesOps('certificates');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/name.*key.*ends.*days left.*renew from.*state/);
    for (const name of ['hermes.localhost', 'voice.hermes.localhost'])
      expect(stdout.split('\n').find((line) => line.includes(` ${name} `))).toMatch(/ 79 .*good/);
    expect(stdout).toContain(' by HERMES sandbox authority ');
    expect(
      Math.max(
        ...stdout
          .split('\n')
          .slice(0, -2)
          .map(({ length }) => length),
      ),
    ).toBeLessThanOrEqual(100);
    expect(stdout).toContain('The first to end does so in 79 days');
    expect(await lines()).toMatchObject([
      { hostname: 'hermes.localhost', fingerprint: served, daysLeft: 79, keyType: 'ecdsa', trouble: '' },
      { hostname: 'voice.hermes.localhost', fingerprint: served, daysLeft: 79, trouble: '' },
    ]);
  });

  test('says of a certificate that has ended that clients refuse it', async () => {
    await hermes.prepare(await pairFor(hermes, lifetime(-2.5)));
    expect(await lines()).toMatchObject([
      { daysLeft: -3, trouble: 'clients refuse it: CERT_HAS_EXPIRED' },
      { daysLeft: -3, trouble: 'clients refuse it: CERT_HAS_EXPIRED' },
    ]);
    expect((await hermes.hermesOps('certificates')).stdout).toContain('CERT_HAS_EXPIRED');
  });

  test('says for which name a certificate is not good', async () => {
    const pair = await pairFor(hermes, { ...lifetime(80), names: ['hermes.localhost'] });
    await hermes.prepare(pair);
    const [first, second] = await lines();
    expect(first).toMatchObject({ fingerprint: fingerprintIn(pair.certificatePem), trouble: '' });
    expect(second?.trouble).toContain('clients refuse it: ERR_TLS_CERT_ALTNAME_INVALID');
  });

  test('ends with 2, and names the key, for host names that cannot be', async () => {
    for (const name of [
      'hermes..localhost',
      'her mes.localhost',
      '../etc/passwd',
      '*.hermes.localhost',
      '',
    ]) {
      await hermes.writeStack({ sections: { ...schedulesOff, certificates: { hostnames: [name] } } });
      const { exitCode, stderr } = await hermes.hermesOps('certificates');
      expect({ name, exitCode }).toEqual({ name, exitCode: 2 });
      expect(stderr).toMatch(/certificates\.(?:hostnames|challenge)/);
    }
  });

  test('takes an international name, as certificates have it', async () => {
    await hermes.writeStack({
      sections: { ...schedulesOff, certificates: { hostnames: ['münchen.localhost'] } },
    });
    const { exitCode, stdout } = await hermes.hermesOps('config', 'check');
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
  });
});
