import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePair } from './certificates.ts';
import { CommandFailed, run } from './command.ts';
import type { SandboxFolders } from './folders.ts';
import type { AuthorityImages } from './images.ts';
import { waitFor } from './readiness.ts';

const acmePort = 14_000;
const managementPort = 15_000;
const answersWithinMs = 30_000;

/** The names that the authority reaches nginx by; the file that adds the authority to the project gives nginx these. */
export const publicNames = ['hermes.localhost', 'voice.hermes.localhost'];
export const authorityComposeFile = 'docker-compose.authority.yml';

/** A certificate authority beside a sandbox: Pebble, which looks at real challenges on the sandbox's nginx. */
export interface SandboxAuthority {
  container: string;
  /** Its ACME directory, as containers on the sandbox's network reach it. */
  directoryUrl: string;
  /** Who signed the certificate of that address. */
  caFile: string;
  /** certbot, which orders from it. */
  certbotImage: string;
  hostnames: string[];
  letsencrypt: string;
  incoming: string;
}

export function authorityAt(
  project: string,
  { caFile, letsencrypt, incoming }: SandboxFolders,
  certbotImage: string,
): SandboxAuthority {
  return {
    container: `${project}-authority`,
    directoryUrl: `https://authority:${acmePort}/dir`,
    caFile,
    certbotImage,
    hostnames: publicNames,
    letsencrypt,
    incoming,
  };
}

const variableNames = { authority: 'HERMES_AUTHORITY_IMAGE', certbot: 'HERMES_CERTBOT_IMAGE' } as const;

export function authorityVariables({ authority, certbot }: AuthorityImages): Record<string, string> {
  return { [variableNames.authority]: authority, [variableNames.certbot]: certbot };
}

/** The authority of a sandbox by its env file; undefined where it has none. */
export function authorityIn(
  variables: Record<string, string>,
  project: string,
  folders: SandboxFolders,
): SandboxAuthority | undefined {
  const certbotImage = variables[variableNames.certbot];
  return certbotImage === undefined ? undefined : authorityAt(project, folders, certbotImage);
}

/** What has to be there before its container starts. */
export async function prepareAuthority(folders: SandboxFolders, nginxImage: string): Promise<void> {
  for (const folder of [folders.authority, folders.letsencrypt, folders.incoming])
    await mkdir(folder, { recursive: true });
  await ensurePair(folders, nginxImage, folders.authority, ['authority', 'localhost']);
  await writeTrust(folders, []);
}

/**
 * Waits until the authority answers, and lets the sandbox's customers trust it. Each start makes another root and
 * forgets every account: certbot's is removed then, so that it makes a new one.
 */
export async function trustAuthority(
  { container }: SandboxAuthority,
  folders: SandboxFolders,
): Promise<void> {
  let root = '';
  await waitFor(
    async () => {
      try {
        await ask(container, `https://localhost:${acmePort}/dir`);
        root = await ask(container, `https://localhost:${managementPort}/roots/0`);
        return undefined;
      } catch (error) {
        if (error instanceof CommandFailed) return error.message;
        throw error;
      }
    },
    answersWithinMs,
    (inTheWay) => new Error(`The certificate authority ${container} does not answer: ${inTheWay}`),
  );
  const known = await rootsIn(folders);
  if (known.includes(root)) return;
  await rm(join(folders.letsencrypt, 'accounts'), { recursive: true, force: true });
  await writeTrust(folders, [...known, root]);
}

/** certbot knows no certificate any more; its account stays. */
export async function forgetLineages({ letsencrypt }: Pick<SandboxFolders, 'letsencrypt'>): Promise<void> {
  for (const name of ['live', 'archive', 'renewal'])
    await rm(join(letsencrypt, name), { recursive: true, force: true });
}

/** Asked from within: nothing of it needs a port of this machine. */
async function ask(container: string, url: string): Promise<string> {
  const seconds = '5';
  const curl = ['curl', '--silent', '--show-error', '--fail', '--max-time', seconds];
  return run('docker', ['exec', container, ...curl, '--cacert', '/etc/pebble/own/ca.pem', url]);
}

async function rootsIn({ authority }: SandboxFolders): Promise<string[]> {
  const text = await readFile(join(authority, 'roots.pem'), 'utf8').catch(() => '');
  return text.split(/(?<=-----END CERTIFICATE-----)\n+/).filter((root) => root.trim() !== '');
}

/** The roots first, then what is trusted: whoever is stopped in between finds a root that is known and not trusted yet. */
async function writeTrust(folders: SandboxFolders, added: string[]): Promise<void> {
  const roots = added.length > 0 ? added : await rootsIn(folders);
  const own = await readFile(folders.caFile, 'utf8');
  await writeWhole(join(folders.authority, 'ca.pem'), own);
  await writeWhole(folders.trustFile, [own.trimEnd(), ...roots, ''].join('\n'));
  await writeWhole(join(folders.authority, 'roots.pem'), `${roots.join('\n')}\n`);
}

async function writeWhole(file: string, content: string): Promise<void> {
  await writeFile(`${file}.partial`, content);
  await rename(`${file}.partial`, file);
}
