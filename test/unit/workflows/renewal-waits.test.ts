import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Obtained } from '../../../src/activities/contract/certificates.ts';
import { after } from './certificate-fakes.ts';
import { certificate, lookOf, pairOf } from './certificate-looks.ts';
import { policy, world } from './fakes.ts';
import { failing, renewalsOf, toEnd } from './renewals.ts';
import { statusWhen, type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal?.close());
const { now, due, renewing } = renewalsOf(() => temporal);

/** First these, then the good answer. */
function authority(...first: Exclude<Obtained, { outcome: 'obtained' }>[]): () => Promise<Obtained> {
  const waiting = [...first];
  return () =>
    Promise.resolve(waiting.shift() ?? { outcome: 'obtained', certificate: after, durationMs: 4_000 });
}

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
