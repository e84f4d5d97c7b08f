import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { problem } from '../../problem.ts';
import type { PairSource } from '../contract/certificates.ts';
import type { Setting } from '../setting.ts';
import type { Pair } from './fitness.ts';
import type { ConfiguredPair } from './place.ts';
import { readPair } from './store.ts';

/** What certbot has under the pair's lineage; undefined where there is nothing whole. */
export async function lineagePair(
  { stack }: Setting,
  { lineage }: ConfiguredPair,
): Promise<Pair | undefined> {
  const folder = join(stack.certificates.letsencryptDirectory, 'live', lineage);
  return whole(await readPair(join(folder, 'fullchain.pem'), join(folder, 'privkey.pem')));
}

/** The new pair, from where it comes. Throws UnfitCertificate where it is not there. */
export async function sourcePair(
  setting: Setting,
  configured: ConfiguredPair,
  source: PairSource,
): Promise<Pair> {
  const { letsencryptDirectory, incomingDirectory } = setting.stack.certificates;
  if (source.kind === 'lineage') {
    const pair = await lineagePair(setting, configured);
    if (pair !== undefined) return pair;
    throw problem('UnfitCertificate', {
      what: `There is no certificate with its key in ${letsencryptDirectory}/live/${configured.lineage}.`,
    });
  }
  const certificate = await incomingFile(incomingDirectory, source.certificate);
  const key = await incomingFile(incomingDirectory, source.key);
  const pair = whole(await readPair(certificate, key));
  if (pair !== undefined) return pair;
  throw problem('UnfitCertificate', { what: `${certificate} or ${key} cannot be read.` });
}

/** A file below the incoming directory; a link may not lead out of it. */
async function incomingFile(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  const real = await realpath(path).catch(() => undefined);
  const folder = await realpath(directory).catch(() => directory);
  if (real?.startsWith(`${folder}/`) === true) return real;
  throw problem('UnfitCertificate', {
    what:
      real === undefined
        ? `There is no file ${path} on the Docker host that the worker can see.`
        : `${path} leads out of ${directory}.`,
    state: 'Nothing was changed.',
    next: `Put the certificate, with its chain, and the key into ${directory}.`,
  });
}

function whole({ certificatePem, keyPem }: Partial<Pair>): Pair | undefined {
  return certificatePem === undefined || keyPem === undefined ? undefined : { certificatePem, keyPem };
}
