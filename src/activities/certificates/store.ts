import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { problem } from '../../problem.ts';
import { syncPath } from '../durable-file.ts';
import { draftMark, linkInOneStep, linkTarget, makeFolder, type Ownership, writeNew } from './durable.ts';
import { fingerprintIn, leafOf, type Pair } from './fitness.ts';
import type { PairPlace } from './place.ts';

/*
 * nginx's two files are links through a third one, and a rename of that one switches both:
 *
 *   cert.pem         → cert.pem.current/cert.pem
 *   key.pem          → cert.pem.current/key.pem
 *   cert.pem.current → cert.pem.pairs/20261125T105400Z-3f1c…
 *
 * All are relative, so that they lead to the same files on the host and in the container.
 */

const certificateName = 'cert.pem';
const keyName = 'key.pem';
const keptPairs = 5;

export const storeOf = ({ certificate }: PairPlace): string => `${certificate}.pairs`;
export const currentOf = ({ certificate }: PairPlace): string => `${certificate}.current`;

/** What nginx would read now. Read behind the switch, so that it is never one's certificate with the other's key. */
export async function readInstalled(place: PairPlace): Promise<Partial<Pair>> {
  const target = (await isSwitched(place)) ? await linkTarget(currentOf(place)) : undefined;
  if (target === undefined) return readPair(place.certificate, place.key);
  const folder = join(dirname(place.certificate), target);
  return readPair(join(folder, certificateName), join(folder, keyName));
}

export async function readPair(certificate: string, key: string): Promise<Partial<Pair>> {
  const [certificatePem, keyPem] = await Promise.all([readText(certificate), readText(key)]);
  return {
    ...(certificatePem === undefined ? {} : { certificatePem }),
    ...(keyPem === undefined ? {} : { keyPem }),
  };
}

/** Writes a pair beside the present one, owned like it. Returns its name in the store; once there, it stays as it is. */
export async function writeBeside(place: PairPlace, pair: Pair, mark: string): Promise<string> {
  const store = storeOf(place);
  const owned = await ownershipOf(place);
  await makeFolder(store, owned.folder);
  const name = await freeName(store, pair);
  if (name.taken) return name.text;
  const draft = join(store, `${draftMark}${mark}`);
  await rm(draft, { recursive: true, force: true });
  try {
    await makeFolder(draft, owned.folder);
    await writeNew(join(draft, certificateName), pair.certificatePem, owned.certificate);
    await writeNew(join(draft, keyName), pair.keyPem, owned.key);
    await syncPath(draft);
    await rename(draft, join(store, name.text));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  await syncPath(store);
  return name.text;
}

/**
 * Makes nginx's files links through the switch, if they are not yet. At every moment in between both lead to the pair
 * that is there.
 */
export async function ensureSwitch(place: PairPlace, mark: string): Promise<void> {
  if (await isSwitched(place)) return;
  const { certificatePem, keyPem } = await readPair(place.certificate, place.key);
  if (certificatePem !== undefined && keyPem !== undefined) {
    const name = await writeBeside(place, { certificatePem, keyPem }, mark);
    await switchTo(place, name, mark);
  }
  const current = currentOf(place);
  for (const [path, name] of [
    [place.certificate, certificateName],
    [place.key, keyName],
  ] as const) {
    await linkInOneStep(path, join(relative(dirname(path), current), name), mark);
  }
}

/** The switch itself: one rename, and nginx's next load reads the other pair. */
export async function switchTo(place: PairPlace, name: string, mark: string): Promise<void> {
  await linkInOneStep(currentOf(place), join(basename(storeOf(place)), name), mark);
}

/** The pair in the store with that certificate. Throws CannotInstall when it is not kept any more. */
export async function keptPair(place: PairPlace, fingerprint: string): Promise<string> {
  for (const name of await namesIn(storeOf(place))) {
    const { certificatePem } = await readPair(join(storeOf(place), name, certificateName), '');
    if (certificatePem !== undefined && fingerprintIn(certificatePem) === fingerprint) return name;
  }
  throw problem('CannotInstall', {
    what: `${storeOf(place)} does not hold the pair from before (${fingerprint.slice(0, 12)}).`,
    next: 'Look there: it was removed by somebody. Install a good pair: hermes-ops run install-certificate',
  });
}

/** Removes the oldest pairs; never what is current, nor `keep`. */
export async function prunePairs(place: PairPlace, keep: string[]): Promise<void> {
  const current = basename((await linkTarget(currentOf(place))) ?? '');
  const old = (await namesIn(storeOf(place))).filter((name) => name !== current && !keep.includes(name));
  for (const name of old.slice(0, Math.max(0, old.length - keptPairs))) {
    await rm(join(storeOf(place), name), { recursive: true, force: true });
  }
}

async function isSwitched(place: PairPlace): Promise<boolean> {
  const current = currentOf(place);
  const links = await Promise.all([place.certificate, place.key].map(linkTarget));
  return [place.certificate, place.key].every((path, index) => {
    const target = links[index];
    return target !== undefined && join(dirname(path), dirname(target)) === current;
  });
}

/** By the time from which it is valid, and its fingerprint: the names sort by age, and say which is which. */
async function freeName(store: string, pair: Pair): Promise<{ text: string; taken: boolean }> {
  const leaf = leafOf(pair.certificatePem);
  const since = leaf === undefined ? new Date(0) : new Date(leaf.validFrom);
  const stamp = `${since.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  const base = `${stamp}-${(fingerprintIn(pair.certificatePem) ?? 'unreadable').slice(0, 16)}`;
  for (let count = 1; ; count += 1) {
    const text = count === 1 ? base : `${base}-${count}`;
    const there = await readPair(join(store, text, certificateName), join(store, text, keyName));
    if (there.certificatePem === undefined && there.keyPem === undefined) return { text, taken: false };
    // The same certificate with another chain or key is another pair.
    if (there.certificatePem === pair.certificatePem && there.keyPem === pair.keyPem)
      return { text, taken: true };
  }
}

async function namesIn(store: string): Promise<string[]> {
  const names = await readdir(store).catch(() => []);
  return names.filter((name) => !name.startsWith('.')).sort();
}

interface PairOwnership {
  folder: Ownership;
  certificate: Ownership;
  key: Ownership;
}

/** As the present files are; a key is never for everybody. */
export async function ownershipOf(place: PairPlace): Promise<PairOwnership> {
  const folder = await stat(dirname(place.certificate));
  const certificate = await stat(place.certificate).catch(() => undefined);
  const key = await stat(place.key).catch(() => undefined);
  return {
    folder: { uid: folder.uid, gid: folder.gid, mode: (folder.mode & 0o755) | 0o700 },
    certificate: {
      uid: certificate?.uid ?? folder.uid,
      gid: certificate?.gid ?? folder.gid,
      mode: ((certificate?.mode ?? 0o644) & 0o664) | 0o400,
    },
    key: {
      uid: key?.uid ?? folder.uid,
      gid: key?.gid ?? folder.gid,
      mode: ((key?.mode ?? 0o600) & 0o660) | 0o400,
    },
  };
}

async function readText(path: string): Promise<string | undefined> {
  return path === '' ? undefined : readFile(path, 'utf8').catch(() => undefined);
}
