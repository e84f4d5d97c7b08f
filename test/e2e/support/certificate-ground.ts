import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  lifetime,
  makePair,
  type PairOptions,
  placePair,
  type SandboxPair,
} from '../../../scripts/sandbox/certificates.ts';
import { run } from '../../../scripts/sandbox/command.ts';
import { fingerprintOf, handshake } from '../../../scripts/sandbox/handshake.ts';
import { imageNames } from '../../../scripts/sandbox/images.ts';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';
import type { Installation } from './installation.ts';
import { until } from './sandbox-client.ts';

export type Ground = Pick<Installation, 'sandbox'>;

export interface OnDisk {
  fingerprint: string;
  /** Whether the key beside it is the certificate's: nginx starts with no other. */
  isPair: boolean;
}

/** What nginx would read at this moment. */
export async function onDisk({ folders }: Pick<Sandbox, 'folders'>): Promise<OnDisk> {
  const [certificatePem, keyPem] = await Promise.all(
    ['cert.pem', 'key.pem'].map((name) => readFile(join(folders.ssl, name), 'utf8')),
  );
  const certificate = new X509Certificate(certificatePem ?? '');
  return {
    fingerprint: fingerprintOf(certificate),
    isPair: certificate.checkPrivateKey(createPrivateKey(keyPem ?? '')),
  };
}

/** A pair of the sandbox's own authority: 10 of 90 days are left unless told otherwise. */
export async function pairFor({ sandbox }: Ground, options: PairOptions = {}): Promise<SandboxPair> {
  const { nginx } = await imageNames();
  return makePair(sandbox.folders, nginx, { ...lifetime(10), ...options });
}

/** Puts a pair in front of customers, as a person would by hand, and waits until they get it. Returns its fingerprint. */
export async function serve({ sandbox }: Ground, pair: SandboxPair): Promise<string> {
  const { ssl } = sandbox.folders;
  await placePair(ssl, pair);
  for (const left of ['cert.pem.current', 'cert.pem.pairs'])
    await rm(join(ssl, left), { recursive: true, force: true });
  await reload({ sandbox });
  const fingerprint = fingerprintIn(pair.certificatePem);
  await until('the new pair is served', async () => {
    const seen = await handshake(sandbox);
    return 'refused' in seen ? seen.refused === 'CERT_HAS_EXPIRED' : seen.fingerprint === fingerprint;
  });
  return fingerprint;
}

/** Tells nginx to load its configuration, as a person would, and waits until it has. */
export async function reload({ sandbox }: Ground): Promise<void> {
  const before = await workersOf(sandbox);
  await run('docker', ['exec', sandbox.containers.nginx, 'nginx', '-s', 'reload']);
  // A worker from before may take a connection until it is told to go.
  await until('the workers from before are gone', async () => {
    const now = await workersOf(sandbox);
    return now.length > 0 && now.every((pid) => !before.includes(pid));
  });
}

async function workersOf({ containers }: Sandbox): Promise<string[]> {
  const processes = await run('docker', ['top', containers.nginx, '-eo', 'pid,args']);
  return [...processes.matchAll(/^\s*(\d+)\s+nginx: worker process/gm)].map(([, pid = '']) => pid);
}

export function fingerprintIn(pem: string): string {
  return fingerprintOf(new X509Certificate(pem));
}
