import type Docker from 'dockerode';
import type { EngineLimits, Limits, Use } from '../contract/limits.ts';

const usualPeriodUs = 100_000;
const nanoPerCpu = 1e9;
/** Room above what is used now, since use goes up and down. */
const headroom = 1.25;
const growsForSeconds = 60;

/** The limits that a container has, as the engine records them. */
export function engineLimitsOf({
  HostConfig,
}: Pick<Docker.ContainerInspectInfo, 'HostConfig'>): EngineLimits {
  const { Memory = 0, MemorySwap = 0, NanoCpus = 0, CpuQuota = 0, CpuPeriod = 0 } = HostConfig;
  return { Memory, MemorySwap, NanoCpus, CpuQuota, CpuPeriod };
}

/** The limits in words that people use. */
export function limitsOf({ Memory, NanoCpus, CpuQuota, CpuPeriod }: EngineLimits): Limits {
  const byQuota = CpuQuota > 0 ? CpuQuota / (CpuPeriod > 0 ? CpuPeriod : usualPeriodUs) : null;
  return {
    cpus: NanoCpus > 0 ? NanoCpus / nanoPerCpu : byQuota,
    memoryBytes: Memory > 0 ? Memory : null,
  };
}

/** The fields to send to the engine so that `wanted` holds; none of what holds already. */
export function changeOf(
  before: EngineLimits,
  wanted: { cpus?: number; memoryBytes?: number },
): Partial<EngineLimits> {
  const { cpus, memoryBytes } = wanted;
  const now = limitsOf(before);
  return {
    ...(memoryBytes === undefined || memoryBytes === now.memoryBytes
      ? {}
      : { Memory: memoryBytes, ...swapFor(before, memoryBytes) }),
    ...(cpus === undefined || cpus === now.cpus ? {} : cpuFields(before, cpus)),
  };
}

/** Where memory and swap are limited together, the engine refuses one without the other. */
function swapFor({ Memory, MemorySwap }: EngineLimits, memoryBytes: number): { MemorySwap?: number } {
  if (MemorySwap === -1) return { MemorySwap: -1 };
  // As much swap as memory is what the engine itself gives where nothing was said.
  if (Memory <= 0 || MemorySwap === 2 * Memory) return { MemorySwap: 2 * memoryBytes };
  return MemorySwap > 0 ? { MemorySwap: memoryBytes + (MemorySwap - Memory) } : {};
}

/** By the field that is in use: the engine refuses the other one. */
function cpuFields({ NanoCpus, CpuQuota, CpuPeriod }: EngineLimits, cpus: number): Partial<EngineLimits> {
  if (NanoCpus > 0 || CpuQuota <= 0) return { NanoCpus: Math.round(cpus * nanoPerCpu) };
  const period = CpuPeriod > 0 ? CpuPeriod : usualPeriodUs;
  return { CpuPeriod: period, CpuQuota: Math.round(cpus * period) };
}

/**
 * The fields that give `before` back. A container without a limit that got one cannot lose it again while it runs:
 * it gets all that the host has, which is the same to it. (A swap limit that was set cannot be lifted by -1 either.)
 */
export function wayBackOf(
  before: EngineLimits,
  now: EngineLimits,
  host: { cpus: number; memoryBytes: number },
): Partial<EngineLimits> {
  const { cpus, memoryBytes } = limitsOf(before);
  const held = limitsOf(now);
  const memory =
    held.memoryBytes === memoryBytes && now.MemorySwap === before.MemorySwap
      ? {}
      : memoryBytes === null
        ? { Memory: host.memoryBytes, MemorySwap: 2 * host.memoryBytes }
        : { Memory: memoryBytes, ...(before.MemorySwap === 0 ? {} : { MemorySwap: before.MemorySwap }) };
  return { ...memory, ...(held.cpus === cpus ? {} : cpuFields(now, cpus ?? host.cpus)) };
}

/** The memory below which a container that uses this much is likely to be killed. */
export function leastMemoryBytes({ memoryBytes, growthBytesPerSecond }: Use): number {
  return Math.ceil(memoryBytes * headroom + growthBytesPerSecond * growsForSeconds);
}

/** The files of both versions of cgroups, as a container sees its own. */
export const cgroupFiles = [
  '/sys/fs/cgroup/memory.max',
  '/sys/fs/cgroup/cpu.max',
  '/sys/fs/cgroup/memory/memory.limit_in_bytes',
  '/sys/fs/cgroup/cpu/cpu.cfs_quota_us',
  '/sys/fs/cgroup/cpu/cpu.cfs_period_us',
] as const;

/** An unlimited container of version 1 has a number that no machine has. */
const unlimitedBytes = 2 ** 60;

/** The limits that `grep -H '' FILES` printed; undefined where it printed neither version. */
export function parseCgroup(text: string): Limits | undefined {
  const values = new Map(
    text
      .split('\n')
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const [memoryMax, cpuMax, memoryLimit, quota, period] = cgroupFiles.map((file) => values.get(file));
  const memory = memoryMax ?? memoryLimit;
  const [quotaUs, periodUs] = cpuMax === undefined ? [quota, period] : cpuMax.split(' ');
  if (memory === undefined || quotaUs === undefined || periodUs === undefined) return undefined;
  const bytes = Number(memory);
  const share = Number(quotaUs) / Number(periodUs);
  return {
    memoryBytes: Number.isFinite(bytes) && bytes < unlimitedBytes ? bytes : null,
    cpus: Number.isFinite(share) && share > 0 ? share : null,
  };
}

/** The kernel counts memory in pages, of 64 KiB at most, and CPU time in microseconds. */
export function holds(seen: number | null, wanted: number | null, tolerance: number): boolean {
  if (seen === null || wanted === null) return seen === wanted;
  return Math.abs(seen - wanted) <= tolerance;
}

export const tolerances = { cpus: 0.0015, memoryBytes: 64 * 1024 } as const;
