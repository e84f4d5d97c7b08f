import { chmod, cp, lstat, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Pair } from '../../../../src/activities/certificates/fitness.ts';
import type { PairPlace } from '../../../../src/activities/certificates/place.ts';
import {
  ensureSwitch,
  keptPair,
  prunePairs,
  readInstalled,
  storeOf,
  switchTo,
  writeBeside,
} from '../../../../src/activities/certificates/store.ts';
import { fingerprintIn } from '../../../../src/activities/certificates/fitness.ts';
import { pairNamed } from './pem.ts';

const old = pairNamed('hermes');
const fresh = pairNamed('longer');
let folder = '';
let place: PairPlace = { certificate: '', key: '' };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pairs-'));
  place = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  await writeFile(place.certificate, old.certificatePem, { mode: 0o644 });
  await writeFile(place.key, old.keyPem);
  await chmod(place.key, 0o644);
  return () => rm(folder, { recursive: true, force: true });
});

/** As nginx reads it: by the two names, through whatever links there are. */
async function asNginx(at = place): Promise<Pair> {
  return { certificatePem: await readFile(at.certificate, 'utf8'), keyPem: await readFile(at.key, 'utf8') };
}

async function install(pair: Pair): Promise<string> {
  await ensureSwitch(place, '00000001');
  const name = await writeBeside(place, pair, '00000001');
  await switchTo(place, name, '00000001');
  return name;
}

test('plain files become links to the same content, and one rename then switches both', async () => {
  await ensureSwitch(place, '00000001');
  expect(await asNginx()).toEqual(old);
  const name = await writeBeside(place, fresh, '00000001');
  expect(await asNginx()).toEqual(old);
  await switchTo(place, name, '00000001');
  expect(await asNginx()).toEqual(fresh);
  expect(await readInstalled(place)).toEqual(fresh);
});

test('the links lead to the same files where the folder is mounted elsewhere', async () => {
  await install(fresh);
  const elsewhere = await mkdtemp(join(tmpdir(), 'mounted-'));
  onTestFinished(() => rm(elsewhere, { recursive: true }));
  await cp(folder, elsewhere, { recursive: true, verbatimSymlinks: true });
  await rm(folder, { recursive: true });
  expect(
    await asNginx({ certificate: join(elsewhere, 'cert.pem'), key: join(elsewhere, 'key.pem') }),
  ).toEqual(fresh);
});

test('the old pair is kept and can be put back; a second installation of the same is the same', async () => {
  const name = await install(fresh);
  expect(await install(fresh)).toBe(name);
  await switchTo(place, await keptPair(place, fingerprintIn(old.certificatePem) ?? ''), '00000002');
  expect(await asNginx()).toEqual(old);
  await expect(keptPair(place, 'f'.repeat(64))).rejects.toMatchObject({ type: 'CannotInstall' });
});

test('a new key is never for everybody, whatever the old one was, and nothing of the making is left', async () => {
  const name = await install(fresh);
  const key = await stat(join(storeOf(place), name, 'key.pem'));
  expect(key.mode & 0o007).toBe(0);
  expect((await readdir(storeOf(place))).filter((entry) => entry.startsWith('.'))).toEqual([]);
  expect((await readdir(folder)).toSorted()).toEqual([
    'cert.pem',
    'cert.pem.current',
    'cert.pem.pairs',
    'key.pem',
  ]);
});

test('broken off after any step, both names lead to one pair, and the next attempt completes it', async () => {
  // Every state that the steps go through, as a worker that dies leaves it.
  const states: Pair[] = [];
  const watched = { ...place };
  const watch = async (): Promise<void> => {
    states.push(await asNginx(watched));
  };
  await watch();
  await writeBeside(place, old, '00000001');
  await watch();
  await switchTo(place, await keptPair(place, fingerprintIn(old.certificatePem) ?? ''), '00000001');
  await watch();
  // Only the certificate is a link by now.
  await ensureSwitch(place, '00000001');
  await rm(place.key);
  await writeFile(place.key, old.keyPem);
  await watch();
  expect(await readInstalled(place)).toEqual(old);
  await ensureSwitch(place, '00000001');
  expect((await lstat(place.key)).isSymbolicLink()).toBe(true);
  await watch();
  expect(
    states.every((pair) => pair.keyPem === old.keyPem && pair.certificatePem === old.certificatePem),
  ).toBe(true);
});

test('what somebody wrote over the present files is what counts, and is kept as it is', async () => {
  await install(fresh);
  // The runbook’s copy goes through the links.
  const other = pairNamed('other');
  await writeFile(place.certificate, other.certificatePem);
  await writeFile(place.key, other.keyPem);
  expect(await readInstalled(place)).toEqual(other);
  const name = await install(fresh);
  expect(name).toMatch(/-2$/);
  expect(await asNginx()).toEqual(fresh);
  await switchTo(place, await keptPair(place, fingerprintIn(other.certificatePem) ?? ''), '00000001');
  expect(await asNginx()).toEqual(other);
});

test('the oldest pairs go; what is current stays', async () => {
  for (let count = 0; count < 9; count += 1)
    await writeBeside(place, { ...old, keyPem: `${old.keyPem}\n${count}` }, '00000001');
  const name = await install(fresh);
  await prunePairs(place, []);
  const kept = await readdir(storeOf(place));
  expect(kept).toHaveLength(6);
  expect(kept).toContain(name);
});
