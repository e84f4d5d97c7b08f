import { ApplicationFailure } from '@temporalio/common';
import { type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Obtained } from '../../../src/activities/contract/certificates.ts';
import type { RenewalReport } from '../../../src/workflows/renew-certificate.ts';
import type { ProcedureResult } from '../../../src/workflows/steps/procedure.ts';
import { after, ending } from './certificate-fakes.ts';
import { certificate, lookOf, pairOf } from './certificate-looks.ts';
import { policy, type World, world } from './fakes.ts';
import { realRuns, statusWhen, type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal.close());

type Result = ProcedureResult<RenewalReport>;
type Changed = Parameters<typeof world>[0];
let count = 0;

/** The time of the server, which is skipped: the certificate's days pass with it. */
const now = (): Promise<number> => temporal.environment.currentTimeMs().then(Number);
const due = (left = 10): Changed => ({ lookAtCertificates: ending(left, now) });

async function renewing<T>(
  scene: World,
  act: (handle: WorkflowHandle) => Promise<T>,
  input: Record<string, unknown> = { by: 'chris' },
  workflowType = 'renewCertificate',
): Promise<T> {
  count += 1;
  return temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () =>
    act(await temporal.start(workflowType, `renew-${count}`, [input])),
  );
}

const toEnd = (handle: WorkflowHandle): Promise<Result> => handle.result() as Promise<Result>;
const failing =
  (type: string, message: string = type) =>
  async (): Promise<never> => {
    throw ApplicationFailure.nonRetryable(message, type);
  };

/** First these, then the good answer. */
function authority(...first: Exclude<Obtained, { outcome: 'obtained' }>[]): () => Promise<Obtained> {
  const waiting = [...first];
  return () =>
    Promise.resolve(waiting.shift() ?? { outcome: 'obtained', certificate: after, durationMs: 4_000 });
}

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

describe('what nobody wants to wait for', () => {
  test('a forced order asks first; a no, or silence, orders nothing', async () => {
    const scene = world();
    const result = await renewing(
      scene,
      async (handle) => {
        const { question } = await statusWhen(handle, (status) => status.question !== undefined);
        await handle.signal('reject', { by: 'dana', plan: question?.plan ?? '', reason: 'not today' });
        return toEnd(handle);
      },
      { by: 'chris', force: true },
    );
    expect(result.outcome).toBe('rejected');
    const silent = await renewing(scene, toEnd, { by: 'chris', force: true });
    expect(silent.outcome).toBe('not-approved');
    expect(scene.calls).not.toContain('obtainCertificate');
    expect(scene.calls).not.toContain('tryChallenge');
  });

  test('standalone says beforehand that customers are locked out, asks, and starts nginx again in any case', async () => {
    const standalone = {
      ...policy,
      certificates: { ...policy.certificates, challenge: 'standalone' as const },
    };
    const scene = world({
      ...due(),
      readPolicy: async () => standalone,
      obtainWithoutProxy: failing('ChallengeFailed', 'The authority saw nothing.'),
    });
    const failure = await renewing(scene, async (handle) => {
      const { question } = await statusWhen(handle, (status) => status.question !== undefined);
      expect(question?.lines.join('\n')).toContain('customers are locked out');
      await handle.signal('approve', { by: 'dana', plan: question?.plan ?? '' });
      return toEnd(handle).catch((error: unknown) => error);
    });
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect(scene.calls.indexOf('bringProxyBack')).toBeGreaterThan(scene.calls.indexOf('obtainWithoutProxy'));
  });

  test('a limit of the authority is waited for as long as it says, once, and with nothing locked', async () => {
    const scene = world({
      ...due(15),
      obtainCertificate: authority({
        outcome: 'rate-limited',
        text: 'too many',
        retryAfterMs: 3 * 86_400_000,
      }),
    });
    const startedMs = await now();
    const result = await renewing(scene, toEnd);
    expect(result.outcome).toBe('done');
    expect((await now()) - startedMs).toBeGreaterThanOrEqual(3 * 86_400_000);
    expect(scene.calls.filter((name) => name === 'obtainCertificate')).toHaveLength(2);
    expect(scene.calls.filter((name) => name === 'lookAtCertificates')).toHaveLength(2);
  });

  test('a certificate that somebody brought meanwhile ends the wait with nothing to do', async () => {
    let looks = 0;
    const scene = world({
      lookAtCertificates: async () => {
        looks += 1;
        return lookOf(pairOf(certificate(await now(), { left: looks === 1 ? 15 : 85 })));
      },
      obtainCertificate: authority({ outcome: 'rate-limited', text: 'too many', retryAfterMs: 86_400_000 }),
    });
    const result = await renewing(scene, toEnd);
    expect(result.summary).toContain('Nothing is due');
    expect(scene.calls.filter((name) => name === 'obtainCertificate')).toHaveLength(1);
  });

  test('an authority that is away is asked again, less often each time, and people are told as the days run out', async () => {
    const away = { outcome: 'authority-away', text: 'connection refused' } as const;
    const scene = world({
      ...due(3.2),
      obtainCertificate: authority(...Array.from({ length: 12 }, () => away)),
    });
    const startedMs = await now();
    const result = await renewing(scene, toEnd);
    expect(result.outcome).toBe('done');
    expect((await now()) - startedMs).toBeGreaterThan(24 * 3_600_000);
    const told = scene.notices.filter(({ title }) => title.includes('was not renewed'));
    expect(told.map(({ severity }) => severity)).toEqual(['P2', 'P1']);
  });

  test('an authority that stays away ends the run, and says so', async () => {
    const scene = world({
      ...due(4),
      obtainCertificate: async () => ({ outcome: 'authority-away', text: 'connection refused' }),
    });
    const error = await renewing(scene, (handle) => toEnd(handle).catch((failure: unknown) => failure));
    expect(error).toMatchObject({ cause: { type: 'AuthorityAway' } });
    expect(scene.notices.map(({ severity }) => severity)).toContain('P1');
    expect(scene.records.map(({ outcome }) => outcome)).toEqual(['failed']);
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

describe('a certificate that a person brings', () => {
  test('is checked, shown, approved, and installed; the old one is not due at all', async () => {
    const scene = world();
    const result = await renewing(
      scene,
      async (handle) => {
        const { question } = await statusWhen(handle, (status) => status.question !== undefined);
        expect(question?.lines[0]).toContain('Install hermes.example.com, by Test CA');
        await handle.signal('approve', { by: 'dana', plan: question?.plan ?? '' });
        return toEnd(handle);
      },
      { certificate: 'new/fullchain.pem', key: 'new/privkey.pem' },
      'installCertificate',
    );
    expect(result.outcome).toBe('done');
    expect(scene.lastRequest('installPair')).toMatchObject({
      source: { kind: 'incoming', certificate: 'new/fullchain.pem', key: 'new/privkey.pem' },
      replaces: 'a'.repeat(64),
      fingerprint: 'b'.repeat(64),
    });
  });

  test.each(['../fullchain.pem', '/etc/shadow', 'a b.pem', 'x/../../y', ''])(
    'in %j is refused as input',
    async (file) => {
      const scene = world();
      const error = await renewing(
        scene,
        (handle) => toEnd(handle).catch((failure: unknown) => failure),
        { certificate: file },
        'installCertificate',
      );
      expect(error).toMatchObject({ cause: { type: 'InvalidInput' } });
      expect(scene.calls).toEqual([]);
    },
  );
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
