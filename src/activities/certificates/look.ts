import type { CertificatesLook, PairLook } from '../contract/certificates.ts';
import { execIn } from '../docker/exec.ts';
import { runningContainer } from '../docker/service-containers.ts';
import { askService } from '../service/http.ts';
import type { Setting } from '../setting.ts';
import { factsOf, fingerprintOf } from './facts.ts';
import { leafOf, type Pair, pairProblem, unfitBecause } from './fitness.ts';
import { type ConfiguredPair, findPlace } from './place.ts';
import { suggestedWindow } from './renewal-info.ts';
import { servedFor } from './served.ts';
import { lineagePair } from './source.ts';
import { readInstalled } from './store.ts';
import { trustedRoots } from './trust.ts';

/** Every certificate of the stack: what is served, what stands on the disk, what certbot has. Changes nothing. */
export async function lookAtCertificates(setting: Setting): Promise<CertificatesLook> {
  const { pairs } = setting.stack.certificates;
  const looks = await Promise.all(pairs.map((pair) => lookAtPair(setting, pair)));
  const suggested = await Promise.all(looks.map(({ onDisk }) => suggestedWindow(setting, onDisk)));
  return {
    pairs: looks.map(({ look }) => look),
    healthy: await isHealthy(setting),
    suggested: suggested.filter((window) => window !== undefined),
  };
}

/** Whether `/health` answers through the proxy, whatever its certificate is worth. */
export async function isHealthy(setting: Setting): Promise<boolean> {
  const { status } = await askService(setting, { path: setting.stack.service.probes.health });
  return status >= 200 && status < 300;
}

async function lookAtPair(
  setting: Setting,
  configured: ConfiguredPair,
): Promise<{ look: PairLook; onDisk: string | undefined }> {
  const { certificateFile, keyFile, keyType, lineage } = configured;
  const { hostnames } = setting.stack.certificates;
  const disk = await readDisk(setting, configured);
  const leaf = disk.certificatePem === undefined ? undefined : leafOf(disk.certificatePem);
  const lineagePem = await lineagePair(setting, configured);
  const lineageLeaf = lineagePem === undefined ? undefined : leafOf(lineagePem.certificatePem);
  const fit = lineagePem !== undefined && (await isFit(setting, configured, lineagePem));
  return {
    onDisk: disk.certificatePem,
    look: {
      certificateFile,
      keyFile,
      keyType,
      lineage,
      ...(leaf === undefined ? {} : { onDisk: factsOf(leaf) }),
      diskProblem: diskProblem(disk),
      inLineage: lineageLeaf === undefined ? null : fingerprintOf(lineageLeaf),
      ...(fit && lineageLeaf !== undefined ? { obtained: factsOf(lineageLeaf) } : {}),
      served: await Promise.all(hostnames.map((name) => servedFor(setting, name, keyType))),
    },
  };
}

interface Disk extends Partial<Pair> {
  /** The key was not looked at: the worker does not see the folder. */
  keyUnseen?: boolean;
}

/** As the worker sees it on the host; where it cannot, the certificate alone as the container has it. */
async function readDisk(setting: Setting, configured: ConfiguredPair): Promise<Disk> {
  const place = await findPlace(setting, configured);
  if (!('why' in place)) return readInstalled(place);
  try {
    const { id } = await runningContainer(setting, 'proxy');
    const { exitCode, stdout } = await execIn(setting, id, ['cat', configured.certificateFile]);
    return exitCode === 0 ? { certificatePem: stdout, keyUnseen: true } : { keyUnseen: true };
  } catch {
    return { keyUnseen: true };
  }
}

function diskProblem({ certificatePem, keyPem, keyUnseen = false }: Disk): string {
  if (certificatePem === undefined) return 'the certificate file cannot be read';
  if (keyUnseen)
    return leafOf(certificatePem) === undefined ? 'the certificate file holds no certificate' : '';
  if (keyPem === undefined) return 'the key file cannot be read';
  return pairProblem({ certificatePem, keyPem }) ?? '';
}

/** Whether what certbot has could be installed as it is. */
async function isFit(setting: Setting, configured: ConfiguredPair, pair: Pair): Promise<boolean> {
  const reasons = unfitBecause(pair, {
    hostnames: setting.stack.certificates.hostnames,
    keyType: configured.keyType,
    roots: await trustedRoots(setting),
    now: new Date(),
  });
  return reasons.length === 0;
}
