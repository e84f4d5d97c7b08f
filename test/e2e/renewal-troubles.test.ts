import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../scripts/sandbox/command.ts';
import type { RenewalReport } from '../../src/workflows/renew-certificate.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { handshake } from '../../scripts/sandbox/handshake.ts';
import { onDisk, reload } from './support/certificate-ground.ts';
import { type CertificateInstallation, installWithAuthority } from './support/certificate-installation.ts';
import { proxyMountedByFiles } from './support/proxy-variant.ts';
import { refusalOf } from './support/refusals.ts';
import { failureOf } from './support/run.ts';
import { statusWhen } from './support/runs.ts';
import { mountReadOnly, mountSmallDisk } from './support/small-disk.ts';

type Result = ProcedureResult<RenewalReport>;

let hermes: CertificateInstallation;
/** The fingerprint of what is served when a test begins, and must be served after it unless it renews. */
let before: string;

beforeAll(async () => {
  hermes = await installWithAuthority('trouble');
});
afterAll(() => hermes?.close());
beforeEach(async () => {
  before = await hermes.prepare();
});

async function expectNothingChanged(): Promise<void> {
  expect(await handshake(hermes.sandbox)).toMatchObject({ fingerprint: before });
  expect(await onDisk(hermes.sandbox)).toEqual({ fingerprint: before, isPair: true });
}

const withoutChallenges = (text: string): string =>
  text.replace('location /.well-known/acme-challenge/', 'location /not-the-challenges/');
const broken = (text: string): string => text.replace('server_tokens off;', 'no_such_directive on;');

describe('before an order is spent, a renewal finds', () => {
  test('that nginx refuses its configuration, which somebody else has broken', async () => {
    await hermes.withConfiguration(broken, async () => {
      const { type, message } = await refusalOf(await hermes.renew());
      expect(type).toBe('ProxyRefused');
      expect(message).toContain('no_such_directive');
    });
    expect(hermes.front.orders).toEqual([]);
    await expectNothingChanged();
    expect(await hermes.notices()).toMatchObject([{ severity: 'P2' }, { severity: 'P2' }]);
  });

  test('that nginx does not answer challenges', async () => {
    await hermes.withConfiguration(withoutChallenges, async () => {
      await reload(hermes);
      const { type, message } = await refusalOf(await hermes.renew());
      expect(type).toBe('ChallengeFailed');
      expect(message).toContain('voice.hermes.localhost answered 301');
    });
    expect(hermes.front.orders).toEqual([]);
    await expectNothingChanged();
  });

  test('that the webroot cannot be written', async () => {
    const webroot = await mountReadOnly(hermes.sandbox.folders.webroot);
    try {
      expect(await refusalOf(await hermes.renew())).toMatchObject({
        type: 'CannotInstall',
        message: expect.stringContaining('EROFS'),
      });
    } finally {
      await webroot.remove();
    }
    expect(hermes.front.orders).toEqual([]);
    await expectNothingChanged();
  });

  test('that certificate and key are mounted one by one', async () => {
    const variant = await proxyMountedByFiles(hermes);
    try {
      const { type, message } = await refusalOf(await hermes.renew());
      expect(type).toBe('CannotInstall');
      expect(message).toContain('is mounted by itself');
      expect(message).toContain('Mount their folder instead');
    } finally {
      await variant.remove();
    }
    expect(hermes.front.orders).toEqual([]);
    await expectNothingChanged();
  });
});

describe('an authority', () => {
  test('that limits orders is asked again when it said, and not before', async () => {
    const retryAfterS = 4;
    hermes.front.refuse(1, 429, retryAfterS);
    const handle = await hermes.renew();
    const { timeline } = await statusWhen(handle, (status) =>
      status.timeline.some(({ text }) => text.startsWith('The authority limits')),
    );
    expect(timeline.map(({ text }) => text).join('\n')).toContain('too many new orders recently');
    const result: Result = await handle.result();
    expect(result.outcome).toBe('done');
    const [first = 0, second = 0] = hermes.front.orders;
    expect(hermes.front.orders).toHaveLength(2);
    expect(second - first).toBeGreaterThanOrEqual(retryAfterS * 1000);
    expect(await handshake(hermes.sandbox)).toMatchObject({
      fingerprint: result.report?.service?.changes[0]?.after.fingerprint,
    });
  });

  test('that is away is waited for, with nothing locked, and people are told', async () => {
    await hermes.front.down();
    const handle = await hermes.renew();
    const { timeline } = await statusWhen(handle, (status) =>
      status.timeline.some(({ text }) => /^P2: .*was not renewed; it ends in 9 days/.test(text)),
    );
    await hermes.front.up();
    expect(timeline.map(({ text }) => text).join('\n')).toMatch(/cannot be reached: .*Connection refused/);
    // Somebody else may have a certificate ready meanwhile: the lock is free.
    expect(await (await hermes.renew()).result()).toMatchObject({ outcome: 'done' });
    await handle.cancel();
    expect(await failureOf(handle.result())).toMatchObject({ name: 'WorkflowFailedError' });
  });

  test('that cannot see the challenge says for which name and what it saw', async () => {
    const order = hermes.front.hold();
    const handle = await hermes.renew();
    await order.reached;
    await hermes.withConfiguration(withoutChallenges, async () => {
      await reload(hermes);
      order.release();
      const { type, message } = await refusalOf(handle);
      expect(type).toBe('ChallengeFailed');
      expect(message).toMatch(/hermes\.localhost \(\w+\): .+/);
    });
    await expectNothingChanged();
  });

  test('whose certbot ends with 0 and has renewed nothing has not renewed', async () => {
    const idle = `hermes-ops-test-certbot:${hermes.project}-idle`;
    await run('docker', ['build', '--tag', idle, '-'], {
      input: `FROM ${hermes.sandbox.authority?.certbotImage}\nRUN ln -sf /bin/true /usr/bin/certbot\n`,
    });
    await hermes.certbotIs(idle);
    try {
      expect(await refusalOf(await hermes.renew())).toMatchObject({ type: 'NothingRenewed' });
    } finally {
      await hermes.certbotIs(hermes.sandbox.authority?.certbotImage ?? '');
      await run('docker', ['rmi', idle]);
    }
    await expectNothingChanged();
  });
});

describe('a new certificate is taken back when', () => {
  test('somebody breaks the configuration of nginx while it is ordered', async () => {
    const order = hermes.front.hold();
    const handle = await hermes.renew();
    await order.reached;
    await hermes.withConfiguration(broken, async () => {
      order.release();
      const result: Result = await handle.result();
      expect(result.outcome).toBe('rolled-back');
      expect(result.summary).toContain('no_such_directive');
      await expectNothingChanged();
    });
    expect(await hermes.notices()).toContainEqual(
      expect.objectContaining({ severity: 'P2', text: expect.stringContaining('taken back') }),
    );
  });

  test('nginx takes the reload and goes on with what it had', async () => {
    const { nginx } = hermes.sandbox.containers;
    const port = '9444';
    await run('docker', ['exec', '--detach', nginx, 'openssl', 's_server', '-nocert', '-accept', port]);
    const order = hermes.front.hold();
    const handle = await hermes.renew();
    await order.reached;
    // The test of the configuration does not mind that somebody listens there already; loading it fails.
    const listening = (text: string): string =>
      text.replace('listen 80;', `listen 80;\n        listen ${port};`);
    await hermes.withConfiguration(listening, async () => {
      order.release();
      const result: Result = await handle.result();
      expect(result.outcome).toBe('rolled-back');
      expect(result.summary).toMatch(/still get something else.*nginx said: .*bind\(\)/);
      await expectNothingChanged();
    });
    await run('docker', ['restart', nginx]);
  });

  test('the disk is full while it is written', async () => {
    const store = join(hermes.sandbox.folders.ssl, 'cert.pem.pairs');
    await mkdir(store);
    const disk = await mountSmallDisk(store, 4096);
    try {
      const result: Result = await (await hermes.renew()).result();
      expect(result.outcome).toBe('rolled-back');
      expect(result.summary).toContain('no space is left');
    } finally {
      await disk.remove();
    }
    await expectNothingChanged();
  });
});
