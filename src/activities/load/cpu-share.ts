import { lookAtUse } from '../docker/container-use.ts';
import type { Inspected } from '../docker/copy/copy-of.ts';
import { engineCall } from '../docker/engine.ts';
import { engineLimitsOf, limitsOf } from '../docker/limits-change.ts';
import type { Setting } from '../setting.ts';

const sample = { looks: 2, intervalMs: 8_000 };

/** The share of its CPUs that a container uses, as the mean over them; null where none could be seen. */
export async function meanCpuShare(
  { docker }: Setting,
  containers: readonly Inspected[],
): Promise<number | null> {
  const info: unknown = await engineCall('Looking at the Docker host', () => docker.info());
  const hostCpus =
    typeof info === 'object' && info !== null && 'NCPU' in info && typeof info.NCPU === 'number'
      ? info.NCPU
      : null;
  const shares = await Promise.all(
    containers.map(async (container) => {
      const use = await lookAtUse(docker, container.Id, sample);
      const cpus = limitsOf(engineLimitsOf(container)).cpus ?? hostCpus;
      return use === null || cpus === null ? null : use.cpus / cpus;
    }),
  );
  const seen = shares.filter((share) => share !== null);
  return seen.length === 0 ? null : seen.reduce((sum, share) => sum + share, 0) / seen.length;
}
