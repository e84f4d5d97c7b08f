import { access, constants, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { problem } from '../../problem.ts';
import { testProxy } from '../proxy/reload-until.ts';
import type { Setting } from '../setting.ts';
import { refusal } from './durable.ts';
import { type ConfiguredPair, configuredPair, type PairPlace, placeOf } from './place.ts';
import { execIn } from '../docker/exec.ts';
import { runningContainer } from '../docker/service-containers.ts';
import { fingerprintIn } from './fitness.ts';
import { ownershipOf, readInstalled } from './store.ts';
import { webrootOnHost } from './webroot.ts';

const neededBytes = 4 * 1024 * 1024;

/**
 * Whether a new pair could be installed, asked before one is ordered. `proxyTest` is off where the present pair itself
 * is what nginx would refuse. Throws CannotInstall, NotEnoughSpace or ProxyRefused.
 */
export async function checkGround(
  setting: Setting,
  { certificateFiles, testProxy: proxyTest }: { certificateFiles: string[]; testProxy: boolean },
): Promise<{ webroot: string | null }> {
  checkOwnName(setting);
  await checkCredentials(setting);
  for (const file of certificateFiles) {
    const pair = configuredPair(setting, file);
    const place = await placeOf(setting, pair);
    await checkSameFolder(setting, pair, place);
    await checkWritable(place);
  }
  if (proxyTest) await testProxy(setting);
  const { challenge } = setting.stack.certificates;
  return { webroot: challenge === 'http-01' ? await webrootOnHost(setting) : null };
}

async function checkCredentials({ stack }: Setting): Promise<void> {
  const { challenge, dns } = stack.certificates;
  const file = dns?.credentialsFile;
  if (challenge !== 'dns-01' || file === undefined) return;
  try {
    await access(file, constants.R_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw problem('StackFile', {
      what: `certificates.dns.credentialsFile: the worker cannot read ${file}${code}.`,
      state: 'Nothing was ordered, and nothing was changed.',
      next: 'Put it there, readable for the worker’s user alone. A worker in a container needs it mounted at that path.',
    });
  }
}

/** A new certificate has the names of the stack file only: one that customers use must be among them. */
function checkOwnName({ stack }: Setting): void {
  const { hostname } = new URL(stack.service.url);
  const { hostnames } = stack.certificates;
  const parent = `*.${hostname.slice(hostname.indexOf('.') + 1)}`;
  if (hostnames.includes(hostname) || hostnames.includes(parent)) return;
  throw problem('StackFile', {
    what: `Customers use ${hostname} (\`service.url\`), and \`certificates.hostnames\` has only ${hostnames.join(', ')}: they would refuse a new certificate.`,
    state: 'Nothing was ordered, and nothing was changed.',
    next: 'Correct one of the two in the stack file, and start the worker again.',
  });
}

/** A worker in a container of its own may have another folder at that path. */
async function checkSameFolder(
  setting: Setting,
  { certificateFile }: ConfiguredPair,
  place: PairPlace,
): Promise<void> {
  const { certificatePem } = await readInstalled(place);
  if (certificatePem === undefined) return;
  const { id } = await runningContainer(setting, 'proxy');
  const { exitCode, stdout } = await execIn(setting, id, ['cat', certificateFile]);
  if (exitCode !== 0 || fingerprintIn(stdout) === fingerprintIn(certificatePem)) return;
  throw problem('CannotInstall', {
    what: `${place.certificate} is another certificate for the worker than ${certificateFile} is for nginx.`,
    state: 'Nothing was ordered, and nothing was changed.',
    next: 'Mount the Docker host’s folder into the worker at the same path.',
  });
}

async function checkWritable(place: PairPlace): Promise<void> {
  for (const folder of new Set([dirname(place.certificate), dirname(place.key)])) {
    try {
      await access(folder, constants.W_OK);
      const { bavail, bsize } = await statfs(folder);
      if (bavail * bsize < neededBytes) throw fullFolder(folder);
    } catch (error) {
      throw refusal(folder, error);
    }
  }
  const { certificate, key } = await ownershipOf(place);
  const uid = process.getuid?.() ?? 0;
  if (uid === 0 || (certificate.uid === uid && key.uid === uid)) return;
  throw problem('CannotInstall', {
    what: `The worker's user ${uid} cannot give new files to the owner of ${place.key} (user ${key.uid}).`,
    state: 'Nothing was ordered, and nothing was changed.',
    next: 'Run the worker as root or as the owner of these files.',
  });
}

function fullFolder(folder: string): Error {
  return problem('NotEnoughSpace', {
    what: `Less than ${neededBytes / 1024 / 1024} MiB are free in ${folder}.`,
    state: 'Nothing was ordered, and nothing was changed.',
    next: 'Make room there, then start again.',
  });
}
