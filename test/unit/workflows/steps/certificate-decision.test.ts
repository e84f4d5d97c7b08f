import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide } from '../../../../src/workflows/steps/certificate-decision.ts';
import { expirySeverity, failureSeverity } from '../../../../src/workflows/steps/certificate-urgency.ts';
import { certificate, hostname, lookOf, pairOf } from '../certificate-looks.ts';

const nowMs = Date.parse('2026-12-01T00:00:00Z');
const rules = { hostnames: [hostname], renewAtLifetimeLeft: 0.33, force: false, nowMs };
const dayMs = 86_400_000;

function decided(pair: ReturnType<typeof pairOf>, changed: Partial<typeof rules> = {}) {
  const [work] = decide(lookOf(pair), { ...rules, ...changed });
  return work;
}

describe('a certificate is renewed', () => {
  test.each([
    [90, 31, 'nothing'],
    [90, 29, 'order'],
    [47, 16, 'nothing'],
    [47, 15, 'order'],
    [6, 2.1, 'nothing'],
    [6, 1.9, 'order'],
  ])('of %i days with %f left: %s', (days, left, kind) => {
    expect(decided(pairOf(certificate(nowMs, { days, left })))?.kind).toBe(kind);
  });

  test('when a person says so, when a name is missing, when it has ended, when nginx could not load it', () => {
    const good = pairOf(certificate(nowMs, { left: 80 }));
    expect(decided(good, { force: true })?.kind).toBe('order');
    expect(decided(good, { hostnames: [hostname, 'new.example.com'] })).toMatchObject({
      kind: 'order',
      why: 'it is not good for new.example.com',
    });
    expect(decided(pairOf(certificate(nowMs, { left: -1 })))).toMatchObject({
      kind: 'order',
      why: 'it has ended',
    });
    expect(decided({ ...good, diskProblem: 'the key is not the certificate’s' })?.kind).toBe('order');
    expect(decided(pairOf(undefined, { diskProblem: 'the certificate file cannot be read' }))?.kind).toBe(
      'order',
    );
  });

  test('from when the authority suggests it', () => {
    const pair = pairOf(certificate(nowMs, { left: 60 }));
    const suggest = (startMs: number) => ({
      ...lookOf(pair),
      suggested: [
        {
          fingerprint: 'a'.repeat(64),
          start: new Date(startMs).toISOString(),
          end: new Date(startMs + dayMs).toISOString(),
        },
      ],
    });
    expect(decide(suggest(nowMs - 1), rules)[0]?.kind).toBe('order');
    expect(decide(suggest(nowMs + 1), rules)[0]?.kind).toBe('nothing');
  });
});

describe('no order is spent', () => {
  const due = certificate(nowMs, { left: 10 });
  const fresh = certificate(nowMs, { left: 89, fingerprint: 'b'.repeat(64) });

  test('when certbot has a new one already that nobody installed', () => {
    expect(decided(pairOf(due, { obtained: fresh }))?.kind).toBe('install');
    expect(decided(pairOf(due, { obtained: fresh }), { force: true })?.kind).toBe('order');
    expect(decided(pairOf(due, { obtained: due }))?.kind).toBe('order');
  });

  test('when nginx only was not reloaded', () => {
    const pair = pairOf(fresh, { served: pairOf(due).served });
    expect(decided(pair)).toMatchObject({ kind: 'reload', why: expect.stringContaining('was not reloaded') });
  });

  test('for what is not due, however long it lives', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 4000, noNaN: true }),
        fc.double({ min: 0.34, max: 1, noNaN: true }),
        (days, share) => {
          const pair = pairOf(certificate(nowMs, { days, left: days * share }));
          expect(decided(pair)?.kind).toBe('nothing');
        },
      ),
    );
  });
});

test('RSA and ECDSA beside each other are two decisions', () => {
  const look = lookOf(
    pairOf(certificate(nowMs, { left: 80 })),
    pairOf(certificate(nowMs, { left: 5 }), { keyType: 'rsa', certificateFile: '/etc/nginx/ssl/rsa.pem' }),
  );
  expect(decide(look, rules).map(({ kind }) => kind)).toEqual(['nothing', 'order']);
});

describe('how bad it is', () => {
  const warnBeforeMs = [21, 14, 7].map((days) => days * dayMs);

  test.each([
    [22, undefined],
    [20, 'P3'],
    [13, 'P2'],
    [6, 'P1'],
    [-0.001, 'P0'],
  ])('that a certificate ends in %f days: %s', (left, severity) => {
    expect(expirySeverity(certificate(nowMs, { left }), warnBeforeMs, nowMs)).toBe(severity);
  });

  test.each([
    [21, undefined],
    [19, 'P3'],
    [9, 'P2'],
    [2, 'P1'],
    [0, 'P0'],
  ])('that a renewal failed with %f days left: %s', (left, severity) => {
    expect(failureSeverity(certificate(nowMs, { left }), nowMs)).toBe(severity);
  });

  test('is measured by the lifetime: a new certificate of six days is no trouble', () => {
    expect(expirySeverity(certificate(nowMs, { days: 6, left: 5.9 }), warnBeforeMs, nowMs)).toBeUndefined();
    expect(failureSeverity(certificate(nowMs, { days: 6, left: 0.1 }), nowMs)).toBe('P1');
  });

  test('never gets less as time passes', () => {
    const rank = (severity: string | undefined): number => Number(severity?.slice(1) ?? 4);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.double({ min: -5, max: 400, noNaN: true }),
        fc.double({ min: 0, max: 50, noNaN: true }),
        (days, left, later) => {
          const at = (less: number) =>
            failureSeverity(certificate(nowMs, { days, left: left - less }), nowMs);
          expect(rank(at(later))).toBeLessThanOrEqual(rank(at(0)));
        },
      ),
    );
  });
});
