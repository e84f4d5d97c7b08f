import { isCancellation, proxyActivities } from '@temporalio/workflow';
import type {
  CertificateFacts,
  CertificatesActivities,
  CertificatesLook,
  ClientsSee,
  Expected,
  PairLook,
  PairSource,
  Reloaded,
} from '../../activities/contract/certificates.ts';
import { problem } from '../../problem.ts';
import { alarmOfFailure } from './certificate-alarm.ts';
import { rootMessage } from './failure-text.ts';
import { quickLook, shortChange } from './policies.ts';
import type { Run } from './run.ts';
import { counted } from './words.ts';

const { checkClients, checkPair } = proxyActivities<CertificatesActivities>(quickLook);
const { installPair, putBackPair, reloadForCertificates } =
  proxyActivities<CertificatesActivities>(shortChange);

/** A pair that is to be served, and where it comes from. */
export interface Arrival {
  pair: PairLook;
  source: PairSource;
}

export interface InService {
  changes: {
    certificateFile: string;
    before: CertificateFacts | null;
    after: CertificateFacts;
    keptIn: string;
  }[];
  reload: Reloaded;
  clients: ClientsSee;
  /** Requests that customers lost, as far as the connections made meanwhile tell. */
  lostConnections: number;
}

export type Service = { inService: InService } | { rolledBack: string };

/** Checks new pairs, switches nginx to them and looks at what customers get; the old ones are put back when they do not. */
export async function putIntoService(
  run: Run,
  look: CertificatesLook,
  arrivals: Arrival[],
  renewal: boolean,
): Promise<Service> {
  const checked: (Arrival & { certificate: CertificateFacts })[] = [];
  for (const { pair, source } of arrivals) {
    const { certificateFile } = pair;
    const certificate = await run.step(
      `Check the new pair for ${certificateFile}`,
      () => checkPair({ certificateFile, source, replaces: fingerprintOf(pair), renewal }),
      describeCertificate,
    );
    checked.push({ pair, source, certificate });
  }
  try {
    // -- customers notice from here --
    const changes = await install(run, checked);
    const expected = checked.map(({ pair, certificate }) => expectedOf(pair, certificate.fingerprint));
    const { reload, clients } = await serve(run, look, expected);
    // -- to here --
    run.wayBack.forgetAll();
    return { inService: { changes, reload, clients, lostConnections: reload.failedConnections } };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { rolledBack: await takeBack(run, look, error) };
  }
}

/** Reloads nginx and checks what customers get: all there is to do where the right files are there already. */
export async function serve(
  run: Run,
  look: CertificatesLook,
  expected: Expected[],
): Promise<{ reload: Reloaded; clients: ClientsSee }> {
  const reload = await run.change(
    'Reload nginx',
    () => reloadForCertificates({ expected }),
    ({ servedAfterMs, connections, failedConnections, oldWorkers }) =>
      `every new connection gets it after ${servedAfterMs} ms; ${failedConnections} of ${counted(connections, 'connection')} failed${oldWorkers === 0 ? '' : `; ${counted(oldWorkers, 'old worker')} finish what they began`}`,
  );
  const served = look.pairs.flatMap((pair) => pair.served);
  const clients = await run.step(
    'Check what customers get',
    () =>
      checkClients({
        expected,
        http2: [
          ...new Set(served.filter(({ protocol }) => protocol === 'h2').map(({ hostname }) => hostname)),
        ],
        healthy: look.healthy,
        trusted: true,
      }),
    ({ served: seen, healthMs }) =>
      `${counted(new Set(seen.map(({ hostname }) => hostname)).size, 'name')} get the new certificate and trust it; /health answers in ${healthMs} ms`,
  );
  return { reload, clients };
}

async function install(
  run: Run,
  checked: (Arrival & { certificate: CertificateFacts })[],
): Promise<InService['changes']> {
  const before = checked.flatMap(({ pair }) =>
    pair.onDisk === undefined || pair.diskProblem !== '' ? [] : [expectedOf(pair, pair.onDisk.fingerprint)],
  );
  // The last thing on the way back: until then the files are the old ones again.
  if (before.length > 0)
    run.onFailure('Reload nginx with the old pair', () => reloadForCertificates({ expected: before }));
  const changes: InService['changes'] = [];
  for (const { pair, source, certificate } of checked) {
    const { certificateFile, onDisk } = pair;
    const { fingerprint } = certificate;
    if (onDisk !== undefined && pair.diskProblem === '') {
      run.onFailure(`Put the old pair back at ${certificateFile}`, () =>
        putBackPair({ certificateFile, installed: fingerprint, before: onDisk.fingerprint }),
      );
    }
    const { keptIn } = await run.change(
      `Switch ${certificateFile} and its key to the new pair`,
      () => installPair({ certificateFile, source, fingerprint, replaces: fingerprintOf(pair) }),
      (installed) => `the old one is kept in ${installed.keptIn}`,
    );
    changes.push({ certificateFile, before: onDisk ?? null, after: certificate, keptIn });
  }
  return changes;
}

/** The way back, at once: customers must not wait for the procedure to end. Throws when it fails too. */
async function takeBack(run: Run, look: CertificatesLook, error: unknown): Promise<string> {
  const why = rootMessage(error);
  run.enter('undoing');
  const failed = await run.wayBack.take((title, act) => run.step(title, act));
  if (failed.length > 0) {
    throw problem('NotServed', {
      what: why,
      state: `The way back failed too: ${failed.join('; ')}`,
      next: 'Look at what nginx serves now: hermes-ops certificates',
    });
  }
  const text = `The new certificate was taken back, and nginx serves what it served before. ${why}`;
  await alarmOfFailure(run, look, text, 'P2');
  return text;
}

function expectedOf({ certificateFile }: PairLook, fingerprint: string): Expected {
  return { certificateFile, fingerprint };
}

function fingerprintOf({ onDisk }: PairLook): string | null {
  return onDisk?.fingerprint ?? null;
}

export function describeCertificate({ names, issuer, validTo, fingerprint }: CertificateFacts): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}, by ${issuer.replace(/^.*CN=/, '')}, until ${validTo.slice(0, 16).replace('T', ' ')}Z (${fingerprint.slice(0, 12)})`;
}
