import { readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { problem } from '../../problem.ts';
import type { CertificateFacts, CertificatesActivities, Installed } from '../contract/certificates.ts';
import { execIn } from '../docker/exec.ts';
import { runningContainer } from '../docker/service-containers.ts';
import { currentOwner, shortRunId } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { draftMark, refusal } from './durable.ts';
import { factsOf } from './facts.ts';
import { fingerprintIn, leafOf, type Pair, pairProblem, unfitBecause } from './fitness.ts';
import { configuredPair, type ConfiguredPair, placeOf, type PairPlace } from './place.ts';
import { sourcePair } from './source.ts';
import {
  ensureSwitch,
  keptPair,
  prunePairs,
  readInstalled,
  storeOf,
  switchTo,
  writeBeside,
} from './store.ts';
import { trustedRoots } from './trust.ts';

const draft = /\.new-[0-9a-f]{8}$/;

type Request<Name extends keyof CertificatesActivities> = Parameters<CertificatesActivities[Name]>[0];

/** Checks a new pair before nginx sees it. A renewal must not end earlier than what it takes the place of. */
export async function checkPair(setting: Setting, request: Request<'checkPair'>): Promise<CertificateFacts> {
  const configured = configuredPair(setting, request.certificateFile);
  const pair = await sourcePair(setting, configured, request.source);
  const installed = await readInstalled(await placeOf(setting, configured));
  const present = installed.certificatePem === undefined ? undefined : leafOf(installed.certificatePem);
  const reasons = unfitBecause(pair, {
    hostnames: setting.stack.certificates.hostnames,
    keyType: configured.keyType,
    roots: await trustedRoots(setting),
    now: new Date(),
    ...(request.renewal && present !== undefined ? { replaces: present } : {}),
  });
  const leaf = leafOf(pair.certificatePem);
  if (leaf !== undefined && reasons.length === 0) return factsOf(leaf);
  throw problem('UnfitCertificate', {
    what: `The new certificate for ${request.certificateFile} cannot be served: ${reasons.join('; ')}.`,
    state: 'It was not installed; nginx goes on with the one that it has.',
    next: 'A good one, with its whole chain, can be brought in: hermes-ops run install-certificate',
  });
}

/** Switches nginx's files to the new pair in one step, if they are what the plan saw. */
export async function installPair(setting: Setting, request: Request<'installPair'>): Promise<Installed> {
  const configured = configuredPair(setting, request.certificateFile);
  const place = await placeOf(setting, configured);
  const installed = await readInstalled(place);
  const now = fingerprintOfPair(installed);
  const whole = isUsable(installed);
  const pair = await sourcePair(setting, configured, request.source);
  const leaf = leafOf(pair.certificatePem);
  if (leaf === undefined || fingerprintIn(pair.certificatePem) !== request.fingerprint)
    throw changed(request.certificateFile, 'the new pair is not the one that was checked');
  if (now !== request.fingerprint || !whole) {
    if (now !== request.replaces)
      throw changed(request.certificateFile, 'somebody else has changed it since the plan');
    try {
      await switchPair(setting, configured, { place, pair, whole });
    } catch (error) {
      throw refusal(`Writing the new pair beside ${place.certificate}`, error);
    }
  }
  return { certificate: factsOf(leaf), keptIn: storeOf(place) };
}

async function switchPair(
  setting: Setting,
  configured: ConfiguredPair,
  { place, pair, whole }: { place: PairPlace; pair: Pair; whole: boolean },
): Promise<void> {
  const mark = markOf(setting);
  if (whole) await ensureSwitch(place, mark);
  const name = await writeBeside(place, pair, mark);
  await checkReadable(setting, configured, name);
  await switchTo(place, name, mark);
  if (!whole) await ensureSwitch(place, mark);
}

/** nginx reads as the user of its container: a key that it may not read would keep it from starting. */
async function checkReadable(
  setting: Setting,
  { certificateFile }: ConfiguredPair,
  name: string,
): Promise<void> {
  const { id, name: container } = await runningContainer(setting, 'proxy');
  for (const file of ['cert.pem', 'key.pem']) {
    const path = `${certificateFile}.pairs/${name}/${file}`;
    const { exitCode } = await execIn(setting, id, ['test', '-r', path]);
    if (exitCode !== 1) continue;
    throw problem('CannotInstall', {
      what: `nginx's user in ${container} could not read ${path}.`,
      state: 'nginx goes on with what it has.',
      next: 'Give the present key to nginx’s user (owner or group), and start again: new ones are owned like it.',
    });
  }
}

/** Back to the pair from before; nothing where the new one is not there. */
export async function putBackPair(
  setting: Setting,
  { certificateFile, installed, before }: Request<'putBackPair'>,
): Promise<{ putBack: boolean }> {
  const place = await placeOf(setting, configuredPair(setting, certificateFile));
  const now = fingerprintOfPair(await readInstalled(place));
  if (now !== installed) return { putBack: false };
  await switchTo(place, await keptPair(place, before), markOf(setting));
  return { putBack: true };
}

/** Removes half-written pairs of runs that are over, and the oldest of the pairs that are kept. */
export async function sweepPairs(setting: Setting): Promise<string[]> {
  const removed: string[] = [];
  for (const pair of setting.stack.certificates.pairs) {
    const place = await placeOf(setting, pair);
    // One procedure at a time changes certificates: what is not this run's is nobody's.
    const own = `${draftMark}${markOf(setting)}`;
    for (const folder of new Set([storeOf(place), dirname(place.certificate), dirname(place.key)])) {
      for (const name of await readdir(folder).catch(() => [])) {
        if (!draft.test(name) || name.endsWith(own)) continue;
        await rm(join(folder, name), { recursive: true, force: true });
        removed.push(join(folder, name));
      }
    }
    await prunePairs(place, []);
  }
  return removed;
}

function isUsable({ certificatePem, keyPem }: Partial<Pair>): boolean {
  return (
    certificatePem !== undefined &&
    keyPem !== undefined &&
    pairProblem({ certificatePem, keyPem }) === undefined
  );
}

function fingerprintOfPair({ certificatePem }: Partial<Pair>): string | null {
  return certificatePem === undefined ? null : (fingerprintIn(certificatePem) ?? null);
}

function markOf({ stack }: Setting): string {
  return shortRunId(currentOwner(stack.stack).runId);
}

function changed(certificateFile: string, why: string): Error {
  return problem('StalePlan', {
    what: `${certificateFile} was not changed: ${why}.`,
    state: 'nginx goes on with what it has.',
    next: 'Start again: it looks anew.',
  });
}
