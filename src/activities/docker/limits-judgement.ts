import { problem } from '../../problem.ts';
import type { Limits, ResizeRequest, ResizeTarget } from '../contract/limits.ts';
import { leastMemoryBytes } from './limits-change.ts';

interface Host {
  cpus: number;
  memoryBytes: number;
}

/** Refuses what the host does not have. Throws NotEnoughRoom. */
export function refuseHost({ service, cpus = 0, memoryBytes = 0 }: ResizeRequest, host: Host): void {
  const short = [
    ...(cpus > host.cpus ? [`${cpus} CPUs were asked for, and the Docker host has ${host.cpus}`] : []),
    ...(memoryBytes > host.memoryBytes
      ? [`${mebibytes(memoryBytes)} were asked for, and the Docker host has ${mebibytes(host.memoryBytes)}`]
      : []),
  ];
  if (short.length === 0) return;
  throw problem('NotEnoughRoom', {
    what: `${service} cannot get that: ${short.join('; ')}.`,
    state: 'Nothing was changed.',
    next: 'Ask for less, or move it to a larger host.',
  });
}

/** Refuses less memory than a container is about to use: the kernel would kill it. Throws NotEnoughRoom. */
export function refuseMemory({
  name,
  now,
  wanted,
  use,
}: Pick<ResizeTarget, 'name' | 'now' | 'wanted' | 'use'>): void {
  const { memoryBytes } = wanted;
  if (memoryBytes === null || use === null || !isLess(memoryBytes, now.memoryBytes)) return;
  const least = leastMemoryBytes(use);
  if (memoryBytes >= least) return;
  const grows = use.growthBytesPerSecond > 0;
  throw problem('NotEnoughRoom', {
    what:
      `${name} uses ${mebibytes(use.memoryBytes)}${grows ? ` and grows by ${mebibytes(use.growthBytesPerSecond)} a second` : ''}: ` +
      `with ${mebibytes(memoryBytes)} the kernel may kill it.`,
    state: 'Nothing was changed.',
    next: grows
      ? 'See to the leak first: a restart frees what it took.'
      : `Ask for ${mebibytes(Math.ceil(least / 1024 ** 2) * 1024 ** 2)} or more.`,
  });
}

/** Why a person is asked first. `bounds` are the stack file's. */
export function asksOf(
  containers: readonly ResizeTarget[],
  bounds: { cpus: number; memoryBytes: number },
  stateful: boolean,
): string[] {
  return [
    ...new Set(
      containers
        .filter(({ change }) => Object.keys(change).length > 0)
        .flatMap(({ name, now, wanted }) => [
          ...(isMore(wanted.cpus, bounds.cpus)
            ? [`${wanted.cpus} CPUs are above the stack file's ${bounds.cpus}`]
            : []),
          ...(isMore(wanted.memoryBytes, bounds.memoryBytes)
            ? [
                `${mebibytes(wanted.memoryBytes ?? 0)} are above the stack file's ${mebibytes(bounds.memoryBytes)}`,
              ]
            : []),
          ...(stateful && wanted.memoryBytes !== null && isLess(wanted.memoryBytes, now.memoryBytes)
            ? [`${name} keeps data, and gets less memory`]
            : []),
        ]),
    ),
  ];
}

/** What a person should know before it is done. */
export function warningsOf(containers: readonly ResizeTarget[], host: Host): string[] {
  const total = (of: (limits: Limits) => number | null): number =>
    containers.reduce((sum, { wanted }) => sum + (of(wanted) ?? 0), 0);
  const memoryBytes = total((limits) => limits.memoryBytes);
  const busy = containers.filter(
    ({ wanted, now, use }) =>
      use !== null && isLess(wanted.cpus ?? use.cpus, now.cpus) && use.cpus > (wanted.cpus ?? use.cpus),
  );
  return [
    ...(memoryBytes > host.memoryBytes
      ? [
          `Attention: together they may use ${mebibytes(memoryBytes)}, and the host has ${mebibytes(host.memoryBytes)}`,
        ]
      : []),
    ...busy.map(
      ({ name, use }) =>
        `Attention: ${name} uses ${(use?.cpus ?? 0).toFixed(2)} CPUs at this moment: it will be slower`,
    ),
    ...containers
      .filter(({ use }) => use === null)
      .map(({ name }) => `${name} does not run: the limits hold from its next start`),
  ];
}

function isLess(value: number, limit: number | null): boolean {
  return limit === null || value < limit;
}

function isMore(value: number | null, limit: number): boolean {
  return value !== null && value > limit;
}

function mebibytes(sizeBytes: number): string {
  return `${Math.round(sizeBytes / 1024 ** 2)} MiB`;
}
