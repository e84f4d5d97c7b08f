import { stat } from 'node:fs/promises';
import { problem } from '../../problem.ts';
import { hostPath, type Mount, mountOf, proxyMounts } from '../proxy/mounts.ts';
import type { Setting } from '../setting.ts';

export type ConfiguredPair = Setting['stack']['certificates']['pairs'][number];

/** Where the files of a pair are on the Docker host. */
export interface PairPlace {
  certificate: string;
  key: string;
}

/** What keeps a pair from being installed, and what to do about it. */
export interface NoPlace {
  why: string;
  next: string;
}

/** The configured pair of that certificate file. Throws InvalidInput for a file that the stack file does not name. */
export function configuredPair({ stack }: Setting, certificateFile: string): ConfiguredPair {
  const { pairs } = stack.certificates;
  const pair = pairs.find((candidate) => candidate.certificateFile === certificateFile);
  if (pair !== undefined) return pair;
  throw problem('InvalidInput', {
    what: `The stack file names no certificate ${certificateFile}; it names ${pairs.map((known) => known.certificateFile).join(', ')}.`,
  });
}

/** Where the pair is. Throws CannotInstall where a pair cannot be switched as the files reach nginx now. */
export async function placeOf(setting: Setting, pair: ConfiguredPair): Promise<PairPlace> {
  const place = await findPlace(setting, pair);
  if (!('why' in place)) return place;
  throw problem('CannotInstall', {
    what: `${pair.certificateFile} cannot be replaced without an outage: ${place.why}.`,
    state: 'Nothing was ordered, and nothing was changed.',
    next: place.next,
  });
}

export async function findPlace(setting: Setting, pair: ConfiguredPair): Promise<PairPlace | NoPlace> {
  const place = placeIn(await proxyMounts(setting), pair, setting.stack.certificates.letsencryptDirectory);
  if ('why' in place || (await isThere(place.certificate)) || (await isThere(place.key))) return place;
  const folder = place.certificate.slice(0, place.certificate.lastIndexOf('/'));
  if (await isThere(folder)) return place;
  return {
    why: `the worker does not see ${folder} of the Docker host`,
    next: 'Run the worker on the Docker host, or mount that folder into the worker at the same path.',
  };
}

/**
 * How the files reach the container decides: a folder can be switched in one step. A file that is mounted by itself
 * keeps its old content after a rename until the container restarts, and certbot's own links change one by one.
 */
export function placeIn(
  mounts: readonly Mount[],
  { certificateFile, keyFile }: Pick<ConfiguredPair, 'certificateFile' | 'keyFile'>,
  letsencryptDirectory: string,
): PairPlace | NoPlace {
  const folder = certificateFile.slice(0, certificateFile.lastIndexOf('/'));
  const next = `Mount their folder instead, such as ./ssl:${folder}:ro in the compose file, and create the container anew once.`;
  const of = [certificateFile, keyFile].map((path) => ({ path, mount: mountOf(mounts, path) }));
  for (const { path, mount } of of) {
    if (mount === undefined || mount.type === 'tmpfs')
      return { why: `${path} is in nginx's container itself, and is lost with it`, next };
    if (mount.target === path)
      return { why: `${path} is mounted by itself, and nginx would not see a new file`, next };
  }
  const [certificate, key] = of.map(({ path, mount }) =>
    mount === undefined ? path : hostPath(mount, path),
  );
  if (certificate === undefined || key === undefined || of[0]?.mount?.target !== of[1]?.mount?.target)
    return {
      why: `${certificateFile} and ${keyFile} come from two mounts, and could not change together`,
      next,
    };
  if (certificate.startsWith(`${letsencryptDirectory}/`)) {
    return {
      why: 'nginx reads the links of certbot itself, and they change one after another',
      next: 'Give nginx a folder of its own for its certificate and key, and name it in the stack file.',
    };
  }
  return { certificate, key };
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
