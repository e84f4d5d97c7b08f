import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { lifetime, placePair } from '../../scripts/sandbox/certificates.ts';
import { run } from '../../scripts/sandbox/command.ts';
import type { RenewalReport } from '../../src/workflows/renew-certificate.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { handshake } from '../../scripts/sandbox/handshake.ts';
import { fingerprintIn, onDisk, pairFor, reload } from './support/certificate-ground.ts';
import { type CertificateInstallation, installWithAuthority } from './support/certificate-installation.ts';
import { refusalOf } from './support/refusals.ts';
import { failureOf } from './support/run.ts';
import { openPlan, statusWhen } from './support/runs.ts';

type Result = ProcedureResult<RenewalReport>;

const day = 24 * 60 * 60_000;

let hermes: CertificateInstallation;
/** The fingerprint of what is served when a test begins; ten of its ninety days are left. */
let before: string;

beforeAll(async () => {
  hermes = await installWithAuthority('renew');
});
afterAll(() => hermes?.close());
beforeEach(async () => {
  before = await hermes.prepare();
});

async function served(): Promise<string | undefined> {
  const seen = await handshake(hermes.sandbox);
  return 'fingerprint' in seen ? seen.fingerprint : seen.refused;
}

function newOne(result: Result): string | undefined {
  return result.report?.service?.changes[0]?.after.fingerprint;
}

describe('a certificate that is due', () => {
  test('is renewed: customers get the new one, it lies on the disk with its key, and the record has both', async () => {
    const handle = await hermes.renew();
    const result: Result = await handle.result();
    expect(result).toMatchObject({ outcome: 'done', report: { service: { lostConnections: 0 } } });
    const after = newOne(result);
    expect(after).not.toBe(before);
    for (const name of hermes.sandbox.authority?.hostnames ?? [])
      expect(await handshake(hermes.sandbox, name)).toEqual({ fingerprint: after, protocol: 'h2' });
    expect(await onDisk(hermes.sandbox)).toEqual({ fingerprint: after, isPair: true });
    const record = await hermes.recordOf(handle);
    expect(record).toContain(before.slice(0, 12));
    expect(record).toContain(after);
    expect(await hermes.notices()).toMatchObject([{ severity: 'P2' }]);
  });

  test('stays when that is only planned', async () => {
    const result: Result = await (await hermes.renew({ dryRun: true })).result();
    expect(result.outcome).toBe('planned');
    expect(result.plan?.lines.join('\n')).toContain('9 days of 90 days are left');
    expect(hermes.front.orders).toEqual([]);
    expect(await served()).toBe(before);
  });

  test('is renewed once by two renewals: one at once says who is at it, one in line finds nothing due', async () => {
    const order = hermes.front.hold();
    const first = await hermes.renew();
    await order.reached;
    expect(await refusalOf(await hermes.renew())).toMatchObject({
      type: 'ResourceBusy',
      message: expect.stringContaining(first.workflowId),
    });
    const third = await hermes.renew({ onBusy: 'queue' });
    await statusWhen(third, ({ timeline }) =>
      timeline.some(({ text }) => text.startsWith('Waiting in line')),
    );
    order.release();
    expect(await first.result()).toMatchObject({ outcome: 'done' });
    expect(await third.result()).toMatchObject({ summary: expect.stringContaining('Nothing is due') });
    expect(hermes.front.orders).toHaveLength(1);
  });

  test('is renewed though nginx restarts in the middle', async () => {
    const order = hermes.front.hold();
    const handle = await hermes.renew();
    await order.reached;
    await run('docker', ['restart', hermes.sandbox.containers.nginx]);
    order.release();
    const result: Result = await handle.result();
    expect(result.outcome).toBe('done');
    expect(await served()).toBe(newOne(result));
  });

  test('that was cancelled while it is ordered leaves no certbot and the old certificate', async () => {
    const order = hermes.front.hold();
    const handle = await hermes.renew();
    await order.reached;
    await handle.cancel();
    expect(await failureOf(handle.result())).toMatchObject({ name: 'WorkflowFailedError' });
    order.release();
    const label = `hermes-ops.stack=${hermes.project}`;
    expect(await hermes.docker.listContainers({ all: true, filters: { label: [label] } })).toEqual([]);
    expect(await served()).toBe(before);
    expect(await onDisk(hermes.sandbox)).toEqual({ fingerprint: before, isPair: true });
  });

  test('and has ended is an outage that people hear of, and is renewed', async () => {
    await hermes.prepare(await pairFor(hermes, lifetime(-1)));
    expect(await served()).toBe('CERT_HAS_EXPIRED');
    const result: Result = await (await hermes.renew()).result();
    expect(result.outcome).toBe('done');
    expect(await hermes.notices()).toMatchObject([{ severity: 'P0' }]);
    expect(await served()).toBe(newOne(result));
  });

  test('is taken from certbot where it has a new one already, without an order', async () => {
    const handle = await hermes.renew();
    const obtained = newOne(await handle.result());
    await placePair(hermes.sandbox.folders.ssl, hermes.due);
    const result: Result = await (await hermes.renew()).result();
    expect(newOne(result)).toBe(obtained);
    expect(await served()).toBe(obtained);
    expect(hermes.front.orders).toHaveLength(1);
  });
});

describe('a certificate that is not due', () => {
  test('stays, and that is said', async () => {
    const fresh = await hermes.prepare(hermes.fresh);
    const result: Result = await (await hermes.renew()).result();
    expect(result.outcome).toBe('done');
    expect(result.summary).toMatch(/^Nothing is due.*are left; due from/);
    expect(hermes.front.orders).toEqual([]);
    expect(await hermes.notices()).toEqual([]);
    expect(await served()).toBe(fresh);
  });

  test('is renewed when its authority suggests that, though certbot has that one and it is not due', async () => {
    const obtained = newOne(await (await hermes.renew()).result());
    hermes.front.suggest({ start: new Date(Date.now() - day), end: new Date(Date.now() + day) });
    const result: Result = await (await hermes.renew()).result();
    expect(result.report?.decisions[0]?.why).toContain('the authority suggests to renew it from');
    expect(newOne(result)).not.toBe(obtained);
    expect(await served()).toBe(newOne(result));
    expect(hermes.front.orders).toHaveLength(2);
  });

  test('stays until the time that its authority suggests', async () => {
    const fresh = await hermes.prepare(hermes.fresh);
    hermes.front.suggest({ start: new Date(Date.now() + day), end: new Date(Date.now() + 2 * day) });
    const result: Result = await (await hermes.renew()).result();
    expect(result.summary).toMatch(/^Nothing is due/);
    expect(await served()).toBe(fresh);
  });

  test('is renewed by force after somebody has approved', async () => {
    const fresh = await hermes.prepare(hermes.fresh);
    const handle = await hermes.renew({ force: true });
    const plan = await openPlan(handle);
    expect(hermes.front.orders).toEqual([]);
    await handle.signal('approve', { by: 'dana', plan });
    const result: Result = await handle.result();
    expect(result.outcome).toBe('done');
    expect(newOne(result)).not.toBe(fresh);
    expect(await served()).toBe(newOne(result));
  });

  test('stays when somebody rejects the force', async () => {
    const fresh = await hermes.prepare(hermes.fresh);
    const handle = await hermes.renew({ force: true });
    await handle.signal('reject', { by: 'dana', plan: await openPlan(handle), reason: 'not today' });
    expect(await handle.result()).toMatchObject({ outcome: 'rejected' });
    expect(hermes.front.orders).toEqual([]);
    expect(await served()).toBe(fresh);
  });

  test('and lies on the disk, while nginx serves another one, takes a reload and no order', async () => {
    await placePair(hermes.sandbox.folders.ssl, hermes.fresh);
    expect(await served()).toBe(before);
    const result: Result = await (await hermes.renew()).result();
    expect(result.outcome).toBe('done');
    expect(await served()).toBe(fingerprintIn(hermes.fresh.certificatePem));
    expect(hermes.front.orders).toEqual([]);
    expect(await hermes.notices()).toContainEqual(
      expect.objectContaining({ severity: 'P2', title: expect.stringContaining('another certificate') }),
    );
  });
});

describe('a stack', () => {
  test('without a webroot has nginx stopped for the order, after an approval, and started again', async () => {
    await hermes.restartWorker({ challenge: 'standalone' });
    const handle = await hermes.renew();
    const plan = await openPlan(handle);
    expect(await served()).toBe(before);
    await handle.signal('approve', { by: 'dana', plan });
    const result: Result = await handle.result();
    expect(result.outcome).toBe('done');
    expect(result.report?.decisions[0]?.decision).toBe('order');
    expect(await served()).toBe(newOne(result));
    const { timeline } = await statusWhen(handle, () => true);
    expect(timeline.map(({ text }) => text).join('\n')).toMatch(
      /Order a cert.*with nginx stopped.*nginx is started again/,
    );
  });

  test('with an RSA certificate beside the ECDSA one gets two new ones', async () => {
    const files = { certificate: 'rsa.pem', key: 'rsa-key.pem' };
    const rsa = await pairFor(hermes, { keyType: 'rsa' });
    await placePair(hermes.sandbox.folders.ssl, rsa, files);
    const [certificateFile, keyFile] = [files.certificate, files.key].map((file) => `/etc/nginx/ssl/${file}`);
    const both = `ssl_certificate ${certificateFile};\n        ssl_certificate_key ${keyFile};\n        ssl_protocols`;
    await hermes.restartWorker({ additionalPairs: [{ keyType: 'rsa', certificateFile, keyFile }] });
    await hermes.withConfiguration(
      (text) => text.replace('ssl_protocols', both),
      async () => {
        await reload(hermes);
        const result: Result = await (await hermes.renew()).result();
        expect(result.outcome).toBe('done');
        const [ecdsaAfter, rsaAfter] = result.report?.service?.changes ?? [];
        expect(rsaAfter).toMatchObject({ before: { fingerprint: fingerprintIn(rsa.certificatePem) } });
        expect([ecdsaAfter?.after.keyType, rsaAfter?.after.keyType]).toEqual(['ecdsa', 'rsa']);
        for (const [sigalgs, change] of [
          ['ECDSA+SHA256', ecdsaAfter],
          ['RSA-PSS+SHA256', rsaAfter],
        ] as const)
          expect(await handshake(hermes.sandbox, 'hermes.localhost', sigalgs)).toMatchObject({
            fingerprint: change?.after.fingerprint,
          });
      },
    );
  });
});
