import { Context } from '@temporalio/activity';
import { problem } from '../../problem.ts';
import type {
  CertificatesActivities,
  ClientsSee,
  Expected,
  Reloaded,
  ServedCertificate,
} from '../contract/certificates.ts';
import { reloadUntil } from '../proxy/reload-until.ts';
import { askService } from '../service/http.ts';
import type { Setting } from '../setting.ts';
import { configuredPair } from './place.ts';
import { servedFor } from './served.ts';

const timesInARow = 6;
const acceptWithinMs = 30_000;
const drainMs = 20_000;
const attempts = 5;
const pauseMs = 500;

type Question = Parameters<CertificatesActivities['checkClients']>[0];

/** Reloads nginx and waits until every name gets the certificates that it should, from every worker that answers. */
export async function reloadForCertificates(setting: Setting, expected: Expected[]): Promise<Reloaded> {
  const count = { connections: 0, failedConnections: 0 };
  let last: ServedCertificate[] = [];
  const accept = async (): Promise<boolean> => {
    const seen = await servedPairs(setting, expected);
    last = seen.map(({ served }) => served);
    count.connections += seen.length;
    count.failedConnections += last.filter(({ failure }) => failure !== undefined).length;
    return seen.every(({ served, fingerprint }) => served.certificate?.fingerprint === fingerprint);
  };
  // An attempt before this one, or a restart of nginx, may have done it.
  if (await inARow(accept)) return { servedAfterMs: 0, oldWorkers: 0, ...count };
  const outcome = await reloadUntil(setting, { timesInARow, withinMs: acceptWithinMs, drainMs, accept });
  if (outcome.accepted)
    return { servedAfterMs: outcome.acceptedAfterMs, oldWorkers: outcome.oldWorkers, ...count };
  const { afterMs, said } = outcome;
  throw problem('NotServed', {
    what: `nginx took the reload, and ${Math.round(afterMs / 1000)} s later new connections still get something else: ${describe(last)}.${said === '' ? '' : ` nginx said: ${said}`}`,
    next: 'Its error log says what it could not do.',
  });
}

async function inARow(accept: () => Promise<boolean>): Promise<boolean> {
  for (let good = 0; good < timesInARow; good += 1) if (!(await accept())) return false;
  return true;
}

/** What customers get, asked as they do. Throws NotServed with everything that is not as it should be. */
export async function checkClients(setting: Setting, question: Question): Promise<ClientsSee> {
  for (let attempt = 1; ; attempt += 1) {
    const seen = await servedPairs(setting, question.expected);
    const health = await askService(setting, { path: setting.stack.service.probes.health });
    const isHealthy = health.status >= 200 && health.status < 300;
    const wrong = seen.flatMap(({ served, fingerprint }) => wrongWith(served, fingerprint, question));
    if (question.healthy && !isHealthy)
      wrong.push(`/health answers ${health.status === 0 ? (health.failure ?? 'nothing') : health.status}`);
    if (wrong.length === 0) return { served: seen.map(({ served }) => served), healthMs: health.durationMs };
    if (attempt === attempts) {
      throw problem('NotServed', { what: `Customers do not get what they should: ${wrong.join('; ')}.` });
    }
    await Context.current().sleep(pauseMs);
  }
}

function wrongWith(
  { hostname, certificate, refusal, protocol, failure }: ServedCertificate,
  fingerprint: string,
  { http2, trusted }: Question,
): string[] {
  if (failure !== undefined) return [`${hostname} gives no handshake (${failure})`];
  const reasons: string[] = [];
  if (certificate?.fingerprint !== fingerprint) reasons.push(`${hostname} gives another certificate`);
  if (trusted && refusal !== '') reasons.push(`clients refuse the one of ${hostname} (${refusal})`);
  if (http2.includes(hostname) && protocol !== 'h2') reasons.push(`${hostname} has lost HTTP/2`);
  return reasons;
}

async function servedPairs(
  setting: Setting,
  expected: Expected[],
): Promise<{ served: ServedCertificate; fingerprint: string }[]> {
  const { hostnames } = setting.stack.certificates;
  const asked = expected.flatMap(({ certificateFile, fingerprint }) => {
    const { keyType } = configuredPair(setting, certificateFile);
    return hostnames.map((hostname) => ({ hostname, keyType, fingerprint }));
  });
  return Promise.all(
    asked.map(async ({ hostname, keyType, fingerprint }) => ({
      fingerprint,
      served: await servedFor(setting, hostname, keyType),
    })),
  );
}

function describe(served: ServedCertificate[]): string {
  return served
    .map(
      ({ hostname, certificate, failure }) =>
        `${hostname} ${failure ?? `a certificate until ${certificate?.validTo.slice(0, 16) ?? 'an unknown time'}Z (${certificate?.fingerprint.slice(0, 12) ?? 'none'})`}`,
    )
    .join('; ');
}
