import { X509Certificate } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { basename, join } from 'node:path';
import { run } from './command.ts';
import type { SandboxFolders } from './folders.ts';

/** The names that the sandbox's certificate is for. */
export const certificateNames = ['hermes.localhost', 'voice.hermes.localhost', 'localhost'];
const authorityDays = 3650;
const usualDays = 90;
const dayMs = 24 * 60 * 60 * 1000;
const renewBeforeMs = dayMs;
/** Clocks differ. */
const backdatedMs = 60 * 60 * 1000;
const keys = {
  ecdsa: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
  rsa: ['-newkey', 'rsa:2048', '-nodes'],
} as const;

/** A certificate and its key, as PEM. */
export interface SandboxPair {
  certificatePem: string;
  keyPem: string;
}

/** What the two files are called. */
export interface PairNames {
  certificate: string;
  key: string;
}

export interface PairOptions {
  /** Host names and addresses; loopback is among them in any case. */
  names?: string[];
  /** An hour ago by default. */
  validFrom?: Date;
  /** In 90 days by default; in the past for one that has ended. */
  validTo?: Date;
  keyType?: keyof typeof keys;
}

/** Makes the sandbox's own authority and its certificate where they are missing or about to end. */
export async function ensureCertificates(folders: SandboxFolders, nginxImage: string): Promise<void> {
  await mkdir(folders.ssl, { recursive: true });
  if (!(await isGood(folders.caFile))) await makeAuthority(folders, nginxImage);
  await ensurePair(folders, nginxImage, folders.ssl, certificateNames);
}

/** Makes cert.pem and key.pem in a folder, signed by the sandbox's authority, where they are missing or about to end. */
export async function ensurePair(
  folders: SandboxFolders,
  nginxImage: string,
  folder: string,
  names: string[],
): Promise<void> {
  if (await isGood(join(folder, 'cert.pem'))) return;
  await placePair(folder, await makePair(folders, nginxImage, { names }));
}

/** Puts a pair where nginx reads it, in the place of whatever is there; it is served after a reload. */
export async function placePair(
  folder: string,
  { certificatePem, keyPem }: SandboxPair,
  names: PairNames = { certificate: 'cert.pem', key: 'key.pem' },
): Promise<void> {
  for (const [name, content, mode] of [
    [names.key, keyPem, 0o600],
    [names.certificate, certificatePem, 0o644],
  ] as const) {
    const unfinished = join(folder, `${name}.partial`);
    await writeFile(unfinished, content, { mode });
    await rename(unfinished, join(folder, name));
  }
}

/** Dates of a certificate of 90 days of which so many are left; negative for one that has ended. */
export function lifetime(daysLeft: number): Required<Pick<PairOptions, 'validFrom' | 'validTo'>> {
  const validTo = new Date(Date.now() + daysLeft * dayMs);
  return { validFrom: new Date(validTo.getTime() - usualDays * dayMs), validTo };
}

/** A new pair, signed by the sandbox's authority: short-lived, ended, or for other names, as asked for. */
export async function makePair(
  folders: SandboxFolders,
  nginxImage: string,
  options: PairOptions = {},
): Promise<SandboxPair> {
  const {
    names = certificateNames,
    keyType = 'ecdsa',
    validFrom = new Date(Date.now() - backdatedMs),
    validTo = new Date(Date.now() + usualDays * dayMs),
  } = options;
  const folder = await mkdtemp(join(folders.root, 'making-'));
  try {
    const here = basename(folder);
    await writeFile(join(folder, 'index.txt'), '');
    await writeFile(join(folder, 'settings'), settings(here, names));
    const files = { key: `${here}/key.pem`, request: `${here}/request.pem`, made: `${here}/cert.pem` };
    const subject = `/CN=${names[0] ?? 'hermes.localhost'}`;
    const request = ['req', '-new', ...keys[keyType], '-subj', subject];
    await openssl(folders, nginxImage, [...request, '-keyout', files.key, '-out', files.request]);
    const signing = [
      ['ca', '-batch', '-notext', '-config', `${here}/settings`, '-in', files.request, '-out', files.made],
      ['-startdate', asn1Time(validFrom), '-enddate', asn1Time(validTo)],
    ];
    await openssl(folders, nginxImage, signing.flat());
    return {
      certificatePem: await readFile(join(folder, 'cert.pem'), 'utf8'),
      keyPem: await readFile(join(folder, 'key.pem'), 'utf8'),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function settings(folder: string, names: string[]): string {
  const covered = [...names, '127.0.0.1']
    .map((name) => `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`)
    .join(',');
  return `[ca]
default_ca = sandbox
[sandbox]
database = ${folder}/index.txt
new_certs_dir = ${folder}
certificate = ca.pem
private_key = ca-key.pem
default_md = sha256
rand_serial = yes
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectAltName = ${covered}
`;
}

/** `20261125105404Z`. */
function asn1Time(time: Date): string {
  return `${time.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
}

async function makeAuthority(folders: SandboxFolders, nginxImage: string): Promise<void> {
  const request = [
    ['req', '-x509', ...keys.ecdsa, '-keyout', 'ca-key.pem', '-out', 'new-ca.pem'],
    ['-days', String(authorityDays)],
    ['-subj', '/CN=HERMES sandbox authority', '-addext', 'basicConstraints=critical,CA:TRUE'],
    ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ];
  await openssl(folders, nginxImage, request.flat());
  await copyFile(join(folders.root, 'new-ca.pem'), folders.caFile);
  await rm(join(folders.root, 'new-ca.pem'));
  // What the old authority signed nobody trusts any more.
  for (const folder of [folders.ssl, folders.authority]) await rm(join(folder, 'cert.pem'), { force: true });
}

/** In a container: a machine without openssl can start a sandbox too. */
async function openssl(folders: SandboxFolders, image: string, args: string[]): Promise<void> {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const container = ['run', '--rm', '--network', 'none', '--user', user, '--volume', `${folders.root}:/made`];
  await run('docker', [...container, '--workdir', '/made', image, 'openssl', ...args]);
}

async function isGood(file: string): Promise<boolean> {
  try {
    const { validTo } = new X509Certificate(await readFile(file));
    return Date.parse(validTo) - Date.now() > renewBeforeMs;
  } catch {
    // Missing or not a certificate: both are made anew.
    return false;
  }
}
