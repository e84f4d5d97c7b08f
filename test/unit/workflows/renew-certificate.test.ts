import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { after } from './certificate-fakes.ts';
import { certificate, lookOf, pairOf } from './certificate-looks.ts';
import { world } from './fakes.ts';
import { failing, renewalsOf, toEnd } from './renewals.ts';
import { statusWhen, type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal?.close());
const { now, due, renewing } = renewalsOf(() => temporal);

describe('a renewal', () => {
  test('of what is not due says so and ends, with nothing done', async () => {
    const scene = world();
    const result = await renewing(scene, toEnd);
    expect(result).toMatchObject({ outcome: 'done', summary: expect.stringContaining('Nothing is due') });
    expect(scene.calls).not.toContain('checkGround');
    expect(scene.notices).toEqual([]);
  });

  test('looks, tries the challenge, orders, checks, switches, reloads and looks at customers, in this order', async () => {
    const scene = world(due());
    const result = await renewing(scene, toEnd);
    expect(result.outcome).toBe('done');
    expect(scene.calls.filter((name) => !['notify', 'readPolicy', 'writeRecord'].includes(name))).toEqual([
      'lookAtCertificates',
      'checkGround',
      'sweepJobContainers',
      'sweepCertificates',
      'tryChallenge',
      'obtainCertificate',
      'checkPair',
      'installPair',
      'reloadForCertificates',
      'checkClients',
    ]);
    expect(result.report?.service).toMatchObject({ lostConnections: 0, changes: [{ after }] });
    expect(scene.records[0]?.timeline.length).toBeGreaterThan(8);
  });

  test('as a dry run ends before the first change, with the plan', async () => {
    const scene = world(due());
    const result = await renewing(scene, toEnd, { dryRun: true });
    expect(result.outcome).toBe('planned');
    expect(result.plan?.lines.join('\n')).toContain('order it at https://acme.example.com/directory');
    expect(scene.calls).not.toContain('tryChallenge');
    expect(scene.notices).toEqual([]);
  });

  test('that only needs a reload orders nothing, and is an alarm of its own', async () => {
    const fresh = certificate(await now(), { left: 89, fingerprint: 'b'.repeat(64) });
    const stale = certificate(await now(), { left: 60 });
    const scene = world({
      lookAtCertificates: async () => lookOf(pairOf(fresh, { served: pairOf(stale).served })),
    });
    const result = await renewing(scene, toEnd);
    expect(result).toMatchObject({ outcome: 'done', summary: expect.stringContaining('Nothing was due') });
    expect(scene.calls).not.toContain('obtainCertificate');
    expect(scene.calls).not.toContain('installPair');
    expect(scene.lastRequest('reloadForCertificates')).toEqual({
      expected: [{ certificateFile: '/etc/nginx/ssl/cert.pem', fingerprint: 'b'.repeat(64) }],
    });
    expect(scene.notices.map(({ severity }) => severity)).toEqual(['P2']);
  });

  test('installs what certbot has already without another order', async () => {
    const nowMs = await now();
    const old = certificate(nowMs, { left: 5 });
    const scene = world({
      lookAtCertificates: async () =>
        lookOf(
          pairOf(old, {
            obtained: certificate(nowMs, { left: 89, fingerprint: 'b'.repeat(64) }),
          }),
        ),
    });
    const result = await renewing(scene, toEnd);
    expect(result.outcome).toBe('done');
    expect(scene.calls).not.toContain('obtainCertificate');
    expect(scene.calls).toContain('installPair');
  });
});

describe('what goes wrong', () => {
  test.each([
    [19, 'P3'],
    [9, 'P2'],
    [2, 'P1'],
    [-1, 'P0'],
  ])('with %i days left is told as %s', async (left, severity) => {
    const scene = world({
      ...due(left),
      tryChallenge: failing('ChallengeFailed', 'hermes.example.com answered 301.'),
    });
    const error = await renewing(scene, (handle) => toEnd(handle).catch((failure: unknown) => failure));
    expect(error).toMatchObject({ cause: { type: 'ChallengeFailed' } });
    expect(scene.notices.filter(({ title }) => title.includes('was not renewed'))).toMatchObject([
      { severity },
    ]);
    expect(scene.calls).not.toContain('obtainCertificate');
  });

  test('after the switch is taken back: the old pair, a reload, and a message, not a stack trace', async () => {
    const scene = world({ ...due(), checkClients: failing('NotServed', 'HTTP/2 is gone.') });
    const result = await renewing(scene, toEnd);
    expect(result).toMatchObject({
      outcome: 'rolled-back',
      summary: expect.stringContaining('HTTP/2 is gone.'),
    });
    expect(scene.calls.slice(scene.calls.indexOf('checkClients') + 1).slice(0, 2)).toEqual([
      'putBackPair',
      'reloadForCertificates',
    ]);
    expect(scene.lastRequest('putBackPair')).toMatchObject({
      installed: 'b'.repeat(64),
      before: 'a'.repeat(64),
    });
    expect(scene.lastRequest('reloadForCertificates')).toMatchObject({
      expected: [{ fingerprint: 'a'.repeat(64) }],
    });
    expect(scene.notices.filter(({ title }) => title.includes('was not renewed'))).toHaveLength(1);
    expect(scene.records.map(({ outcome }) => outcome)).toEqual(['rolled-back']);
  });

  test('on the way back too is said in one sentence that names what to do by hand', async () => {
    const scene = world({
      ...due(),
      checkClients: failing('NotServed', 'HTTP/2 is gone.'),
      putBackPair: failing('CannotInstall', 'The disk is gone.'),
    });
    const error = await renewing(scene, (handle) => toEnd(handle).catch((failure: unknown) => failure));
    expect(error).toMatchObject({
      cause: { message: expect.stringContaining('The way back failed too: Put the old pair back') },
    });
  });

  test('a cancellation after the switch puts the old pair back', async () => {
    const scene = world({
      ...due(),
      reloadForCertificates: () =>
        new Promise((resolve) =>
          setTimeout(resolve, 300, { servedAfterMs: 1, connections: 1, failedConnections: 0, oldWorkers: 0 }),
        ),
    });
    await renewing(scene, async (handle) => {
      await statusWhen(handle, ({ running }) => running.includes('Reload nginx'));
      await handle.cancel();
      await toEnd(handle).catch(() => undefined);
    });
    expect(scene.calls).toContain('putBackPair');
    expect(scene.records.map(({ outcome }) => outcome)).toEqual(['cancelled']);
  });

  test('a certificate that ends is told before anything is done about it, louder each time', async () => {
    const scene = world(due(6));
    await renewing(scene, toEnd);
    expect(scene.notices).toMatchObject([
      { severity: 'P1', title: expect.stringContaining('ends in 5 days') },
    ]);
  });
});

test('the list of certificates says what is wrong with each', async () => {
  const good = certificate(await now(), { left: 80 });
  const scene = world({
    lookAtCertificates: async () =>
      lookOf(
        pairOf(good, {
          served: [
            {
              hostname: 'hermes.example.com',
              listener: 'x:443',
              refusal: 'CERT_HAS_EXPIRED',
              protocol: 'h2',
              certificate: certificate(await now(), { left: -2.5, fingerprint: 'c'.repeat(64) }),
            },
          ],
        }),
      ),
  });
  const result = await renewing(scene, (handle) => handle.result(), {}, 'listCertificates');
  expect(result).toMatchObject({
    outcome: 'done',
    report: [
      {
        hostname: 'hermes.example.com',
        daysLeft: -3,
        trouble: 'clients refuse it: CERT_HAS_EXPIRED; the disk has another one',
      },
    ],
  });
});
