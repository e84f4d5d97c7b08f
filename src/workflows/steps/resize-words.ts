import type { Limits, ResizePlan, ResizeTarget } from '../../activities/contract/limits.ts';
import { spokenSize } from './words.ts';

const mebibyte = 1024 ** 2;

/** What a resize would do, as lines of its plan. */
export function describeResizePlan({ service, containers, host, asks, warnings }: ResizePlan): string[] {
  return [
    ...containers.map(describeTarget),
    'Live: nothing is restarted',
    `The Docker host has ${host.cpus} CPUs and ${spokenSize(host.memoryBytes)}`,
    ...asks.map((ask) => `Asks, since ${ask}`),
    ...warnings,
    `The compose file is not changed: the next \`docker compose up\` that makes ${service} anew undoes it`,
  ];
}

function describeTarget({ name, now, wanted, use, change }: ResizeTarget): string {
  const used = use === null ? '' : ` (uses ${use.cpus.toFixed(2)} CPUs and ${spokenSize(use.memoryBytes)})`;
  if (Object.keys(change).length === 0) return `${name} has ${spokenLimits(now)} already${used}`;
  const parts = [
    ...(now.cpus === wanted.cpus ? [] : [`${spokenCpus(now.cpus)} → ${spokenCpus(wanted.cpus)}`]),
    ...(now.memoryBytes === wanted.memoryBytes
      ? []
      : [`${spokenMemory(now.memoryBytes)} → ${spokenMemory(wanted.memoryBytes)}`]),
  ];
  return `${name}: ${parts.join(', ')}${used}`;
}

/** `1.5 CPUs and 2.0 GiB`. */
export function spokenLimits(limits: Limits | undefined): string {
  return limits === undefined
    ? 'no container'
    : `${spokenCpus(limits.cpus)} and ${spokenMemory(limits.memoryBytes)}`;
}

function spokenCpus(cpus: number | null): string {
  return cpus === null ? 'any CPUs' : `${Number(cpus.toFixed(3))} ${cpus === 1 ? 'CPU' : 'CPUs'}`;
}

function spokenMemory(memoryBytes: number | null): string {
  return memoryBytes === null ? 'any memory' : spokenSize(memoryBytes);
}

/** The lines for `deploy.resources.limits` of the service in the compose file. */
export function composeLines({ containers }: ResizePlan): string[] {
  const wanted = containers[0]?.wanted;
  if (wanted === undefined) return [];
  return [
    ...(wanted.cpus === null ? [] : [`cpus: '${Number(wanted.cpus.toFixed(3))}'`]),
    ...(wanted.memoryBytes === null ? [] : [`memory: ${composeSize(wanted.memoryBytes)}`]),
  ];
}

/** Compose's `2G` is the engine's 2 GiB. */
function composeSize(sizeBytes: number): string {
  const mebibytes = sizeBytes / mebibyte;
  if (mebibytes % 1024 === 0) return `${mebibytes / 1024}G`;
  return Number.isInteger(mebibytes) ? `${mebibytes}M` : `${sizeBytes}b`;
}
