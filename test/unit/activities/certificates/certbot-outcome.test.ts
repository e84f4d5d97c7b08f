import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CertbotRun, certbotOutcome } from '../../../../src/activities/certificates/certbot-outcome.ts';
import { readableLog } from '../../../../src/activities/docker/job-log.ts';

const now = new Date('2026-11-25T11:23:00Z');

/** What certbot 2.1 wrote, with the traces of its program left out. The output goes through the job's log, as a run's does. */
function recorded(name: string): CertbotRun {
  const read = (kind: string): string =>
    readFileSync(fileURLToPath(new URL(`certbot/${name}.${kind}`, import.meta.url)), 'utf8');
  return { exitCode: 1, output: readableLog(read('out')), log: read('log') };
}

describe('what certbot wrote', () => {
  test('when a limit was reached says how long to wait, as the authority says it', () => {
    expect(certbotOutcome(recorded('rate-limited'), now)).toMatchObject({
      kind: 'wait',
      why: 'rate-limited',
      retryAfterMs: 7_200_000,
      text: expect.stringContaining('too many certificates (5) already issued'),
    });
    expect(certbotOutcome(recorded('too-many-requests'), now)).toMatchObject({
      kind: 'wait',
      why: 'rate-limited',
      retryAfterMs: 3_600_000,
    });
  });

  test('when a limit was reached and only the message says until when, is understood too', () => {
    const run = recorded('rate-limited');
    const log = run.log.replace(/^Retry-After:.*\n/m, '');
    expect(certbotOutcome({ ...run, log }, now)).toMatchObject({
      why: 'rate-limited',
      retryAfterMs: Date.parse('2026-11-28T10:00:00Z') - now.getTime(),
    });
  });

  test('when it tripped over the answer, the authority’s words count and not the trace of that', () => {
    const output = "An unexpected error occurred:\nAttributeError: can't set attribute\n";
    expect(certbotOutcome({ ...recorded('rate-limited'), output }, now)).toMatchObject({
      why: 'rate-limited',
      text: expect.stringContaining('too many certificates (5) already issued'),
    });
    const log = recorded('rate-limited').log.replaceAll('acme:error:rateLimited', 'acme:error:badNonce');
    expect(certbotOutcome({ exitCode: 1, output, log }, now)).toMatchObject({
      text: "AttributeError: can't set attribute",
    });
  });

  test.each(['refused-connection', 'unknown-host'])('when the authority was away (%s) is a wait', (name) => {
    expect(certbotOutcome(recorded(name), now)).toEqual({
      kind: 'wait',
      why: 'authority-away',
      text: expect.stringMatching(/Connection refused|Name or service not known/),
    });
  });

  test('when the authority was too busy is a wait for as long as it says', () => {
    expect(certbotOutcome(recorded('busy-authority'), now)).toMatchObject({
      why: 'authority-away',
      retryAfterMs: 120_000,
    });
  });

  test('when challenges failed names each name, and what the authority saw', () => {
    expect(certbotOutcome(recorded('challenge-failed'), now)).toEqual({
      kind: 'challenge-failed',
      names: ['voice.hermes.localhost', 'hermes.localhost'].map((hostname) => ({
        hostname,
        type: 'unauthorized',
        detail: expect.stringMatching(/Non-200 status code from HTTP: http:\/\/.* returned 404$/),
      })),
    });
  });

  test.each(['account-binding', 'account-deactivated'])(
    'when the account is the problem (%s) says so',
    (name) => {
      expect(certbotOutcome(recorded(name), now)).toMatchObject({
        kind: 'account',
        text: expect.stringMatching(/externalAccountBinding|has status "deactivated"/),
      });
    },
  );

  test('when another certbot works there says so', () => {
    const output = 'Another instance of Certbot is already running.';
    expect(certbotOutcome({ exitCode: 1, output, log: '' }, now)).toEqual({ kind: 'busy' });
  });
});

test('exit 0 says that it ended well, and nothing more', () => {
  const output = 'Certificate not yet due for renewal; no action taken.';
  expect(certbotOutcome({ exitCode: 0, output, log: '' }, now)).toEqual({ kind: 'ended-well' });
});

test('whatever certbot writes, a failed run has a cause of at most some lines, and a wait of at most a month', () => {
  const pieces = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'HTTP 429\nRetry-After: ',
      'Retry-After: 99999999999999\n',
      'HTTP 503\n',
      'Domain: a\nType: b\nDetail: ',
      'An unexpected error occurred:\n',
      'retry after 2026-99-99 99:99:99',
      '\n',
    ),
  );
  const text = fc.array(pieces).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, fc.integer({ min: 1, max: 255 }), (output, log, exitCode) => {
      const outcome = certbotOutcome({ exitCode, output, log }, now);
      expect(outcome.kind).not.toBe('ended-well');
      const textLength = 'text' in outcome ? outcome.text.length : 0;
      const waitMs = outcome.kind === 'wait' ? (outcome.retryAfterMs ?? 0) : 0;
      expect(textLength).toBeLessThanOrEqual(402);
      expect(waitMs).toBeGreaterThanOrEqual(0);
      expect(waitMs).toBeLessThanOrEqual(30 * 86_400_000);
    }),
  );
});

describe('a plugin for the DNS', () => {
  const refused = (text: string): CertbotRun => ({
    exitCode: 1,
    output: `Saving debug log to x\n${text}\n`,
    log: `2026-11-25 11:23:00,645:DEBUG:certbot._internal.error_handler:Encountered exception:\nTraceback (most recent call last):\ncertbot.errors.PluginError: ${text}\n`,
  });

  test.each([
    "Encountered error when making query: The peer didn't like the signature we sent",
    // Not an authority that is away: nobody waits for it for hours.
    'Encountered error when making query: [Errno 111] Connection refused',
    'Encountered error adding TXT record: The DNS operation timed out.',
  ])('that cannot put the challenge there is told in its words: %s', (text) => {
    expect(certbotOutcome(refused(text), now)).toEqual({ kind: 'plugin-failed', text });
  });

  test.each([
    'certbot: error: unrecognized arguments: --dns-rfc2136 --dns-rfc2136-credentials /root/rfc2136.ini\n',
    'The requested dns-rfc2136 plugin does not appear to be installed\n',
  ])('that the image lacks is named: %s', (output) => {
    expect(certbotOutcome({ exitCode: 2, output, log: '' }, now)).toEqual({
      kind: 'no-plugin',
      plugin: 'dns-rfc2136',
    });
  });
});
