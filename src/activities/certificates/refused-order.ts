import { problem } from '../../problem.ts';
import type { JobOutcome } from '../docker/job-container.ts';
import type { Setting } from '../setting.ts';
import type { CertbotOutcome } from './certbot-outcome.ts';

export const nothingInstalled = 'Nothing was installed; nginx goes on with the certificate that it has.';
const state = nothingInstalled;

type Refused = Exclude<CertbotOutcome, { kind: 'ended-well' | 'wait' }>;

/** An order that failed for good, in words that say what to look at. */
export function refusedOrder(
  { stack }: Setting,
  outcome: Refused,
  { exitCode, oomKilled }: JobOutcome,
): Error {
  const { certificates } = stack;
  switch (outcome.kind) {
    case 'busy':
      return problem('StillHeld', { what: 'Another certbot works in the same folder.', state });
    case 'challenge-failed': {
      const each = outcome.names.map(({ hostname, type, detail }) => `${hostname} (${type}): ${detail}`);
      return problem('ChallengeFailed', {
        what: `The authority could not see the challenge: ${each.join('; ')}.`,
        state,
        next:
          certificates.challenge === 'dns-01'
            ? 'Its view is from outside: look at the DNS there. Servers that follow another one late need a longer `certificates.dns.propagation`.'
            : 'Its view is from outside: look at the DNS, firewalls and what answers on port 80 there.',
      });
    }
    case 'plugin-failed':
      return pluginFailed(certificates, outcome.text);
    case 'no-plugin':
      return problem('StackFile', {
        what: `The image ${certificates.certbotImage} (certificates.certbotImage) has no plugin ${outcome.plugin}.`,
        state: `Nothing was ordered. ${state}`,
        next: `Take one that has it, such as certbot/${outcome.plugin}, and fetch it beforehand.`,
      });
    case 'account':
      return problem('AuthorityRefused', {
        what: `${certificates.acmeServer} refuses the account: ${outcome.text}.`,
        state,
        next: 'Look at the account in the letsencrypt directory, and at certificates.email.',
      });
    case 'failed':
      break;
  }
  return problem('AuthorityRefused', {
    what: `certbot ended with ${exitCode}${oomKilled ? ' (out of memory)' : ''}: ${outcome.text}.`,
    state,
    ...(certificates.challenge === 'dns-01' ? { next: whereTheKeyIs(certificates.dns) } : {}),
  });
}

/** A TSIG key is refused by its secret or algorithm, by its name, or because it may not write there. */
const refusedKeys: [RegExp, string, string][] = [
  [
    /didn't like the signature|signature fails to verify|BADSIG/i,
    'refuses the key',
    'the secret and the algorithm',
  ],
  [/didn't know the key|BADKEY|NOTAUTH/i, 'does not know the key', 'the name and the algorithm'],
  [/didn't like the time|BADTIME/i, 'refuses the time', 'the clock; the key is'],
  [/REFUSED/, 'does not let the key write there', 'what it lets the key write; its name is'],
];

function pluginFailed({ challenge, dns }: Setting['stack']['certificates'], text: string): Error {
  if (challenge !== 'dns-01' || dns === undefined)
    return problem('ChallengeFailed', { what: `certbot could not put the challenge up: ${text}.`, state });
  const [, what, lookAt] = refusedKeys.find(([pattern]) => pattern.test(text)) ?? [];
  return problem('ChallengeFailed', {
    what: `certbot's plugin dns-${dns.plugin} could not put the challenge into the DNS: ${what === undefined ? '' : `the DNS server ${what}. It says: `}${text.replace(/\.$/, '')}.`,
    state,
    next:
      what === undefined
        ? whereTheKeyIs(dns)
        : `Compare with the server: ${lookAt} in ${fileOf(dns)} (certificates.dns.credentialsFile).`,
  });
}

type Dns = Setting['stack']['certificates']['dns'];

function whereTheKeyIs(dns: Dns): string {
  return `The DNS server and its key are in ${fileOf(dns)} (certificates.dns.credentialsFile).`;
}

function fileOf(dns: Dns): string {
  return dns?.credentialsFile ?? 'no file: the plugin looks for them by itself';
}
