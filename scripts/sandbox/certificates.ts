import { X509Certificate } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import type { SandboxFolders } from './folders.ts';

/** The names that the sandbox's certificate is for. */
export const certificateNames = ['hermes.localhost', 'localhost'];
const authorityDays = 3650;
const usualDays = 90;
const renewBeforeMs = 24 * 60 * 60 * 1000;
const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes the sandbox's own authority and its certificate where they are missing or about to end. */
export async function ensureCertificates(folders: SandboxFolders, nginxImage: string): Promise<void> {
  await mkdir(folders.ssl, { recursive: true });
  if (!(await isGood(folders.caFile))) await makeAuthority(folders, nginxImage);
  if (!(await isGood(join(folders.ssl, 'cert.pem')))) await issueCertificate(folders, nginxImage);
}

/**
 * Issues a new certificate and puts it where nginx reads it; nginx serves it after a reload.
 * `days` is how long it holds.
 */
export async function issueCertificate(
  folders: SandboxFolders,
  nginxImage: string,
  days = usualDays,
): Promise<void> {
  const names = [...certificateNames.map((name) => `DNS:${name}`), 'IP:127.0.0.1'].join(',');
  const request = [
    ['req', '-x509', '-CA', 'ca.pem', '-CAkey', 'ca-key.pem', ...key],
    ['-keyout', 'new-key.pem', '-out', 'new-cert.pem', '-days', String(days)],
    ['-subj', '/CN=hermes.localhost', '-addext', `subjectAltName=${names}`],
    ['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth'],
  ];
  await openssl(folders, nginxImage, request.flat());
  await rename(join(folders.root, 'new-key.pem'), join(folders.ssl, 'key.pem'));
  await rename(join(folders.root, 'new-cert.pem'), join(folders.ssl, 'cert.pem'));
}

async function makeAuthority(folders: SandboxFolders, nginxImage: string): Promise<void> {
  const request = [
    ['req', '-x509', ...key, '-keyout', 'ca-key.pem', '-out', 'new-ca.pem', '-days', String(authorityDays)],
    ['-subj', '/CN=HERMES sandbox authority', '-addext', 'basicConstraints=critical,CA:TRUE'],
    ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ];
  await openssl(folders, nginxImage, request.flat());
  await copyFile(join(folders.root, 'new-ca.pem'), folders.caFile);
  await rm(join(folders.root, 'new-ca.pem'));
  // What the old authority signed nobody trusts any more.
  await rm(join(folders.ssl, 'cert.pem'), { force: true });
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
