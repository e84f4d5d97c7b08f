import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EngineLimits } from '../../../../src/activities/contract/limits.ts';
import {
  changeOf,
  holds,
  leastMemoryBytes,
  limitsOf,
  parseCgroup,
  tolerances,
  wayBackOf,
} from '../../../../src/activities/docker/limits-change.ts';

const gibibyte = 1024 ** 3;
const host = { cpus: 8, memoryBytes: 32 * gibibyte };
const none: EngineLimits = { Memory: 0, MemorySwap: 0, NanoCpus: 0, CpuQuota: 0, CpuPeriod: 0 };

/** What the engine holds after an update: the fields that were sent. */
const after = (before: EngineLimits, change: Partial<EngineLimits>): EngineLimits => ({
  ...before,
  ...change,
});

describe('the memory’s swap', () => {
  test.each([
    ['none stays none', { Memory: gibibyte, MemorySwap: gibibyte }, 3 * gibibyte],
    [
      'as much as memory stays as much as memory',
      { Memory: gibibyte, MemorySwap: 2 * gibibyte },
      6 * gibibyte,
    ],
    ['a fixed amount stays that amount', { Memory: gibibyte, MemorySwap: 1.5 * gibibyte }, 3.5 * gibibyte],
    ['without a limit stays without', { Memory: gibibyte, MemorySwap: -1 }, -1],
    ['of a container without limits is what the engine gives to a new one', {}, 6 * gibibyte],
  ])('%s', (_, before, swap) => {
    const change = changeOf({ ...none, ...before }, { memoryBytes: 3 * gibibyte });
    expect(change).toEqual({ Memory: 3 * gibibyte, MemorySwap: swap });
  });

  test('is left out where the host does not limit it', () => {
    const change = changeOf({ ...none, Memory: gibibyte }, { memoryBytes: 2 * gibibyte });
    expect(change).toEqual({ Memory: 2 * gibibyte });
  });
});

describe('CPUs', () => {
  test('are set by the field that is in use', () => {
    expect(changeOf({ ...none, NanoCpus: 2e9 }, { cpus: 1.5 })).toEqual({ NanoCpus: 1.5e9 });
    expect(changeOf({ ...none, CpuQuota: 50_000, CpuPeriod: 100_000 }, { cpus: 1.5 })).toEqual({
      CpuQuota: 150_000,
      CpuPeriod: 100_000,
    });
    expect(changeOf({ ...none, CpuQuota: 50_000 }, { cpus: 1.5 })).toEqual({
      CpuQuota: 150_000,
      CpuPeriod: 100_000,
    });
    expect(changeOf(none, { cpus: 1.5 })).toEqual({ NanoCpus: 1.5e9 });
  });
});

const engineLimits = fc
  .record({
    memory: fc.option(fc.integer({ min: 6, max: 30_000 })),
    swap: fc.constantFrom('none', 'double', 'fixed', 'unlimited', 'not limited by the host'),
    cpu: fc.constantFrom('nano', 'quota', 'quota of the usual period', 'none'),
    hundredths: fc.integer({ min: 10, max: 800 }),
  })
  .map(({ memory, swap, cpu, hundredths }): EngineLimits => {
    const Memory = (memory ?? 0) * 1024 ** 2;
    const swaps = { none: Memory, double: 2 * Memory, fixed: Memory + 4096, unlimited: -1 };
    return {
      Memory,
      MemorySwap: memory === null || swap === 'not limited by the host' ? 0 : swaps[swap],
      NanoCpus: cpu === 'nano' ? hundredths * 1e7 : 0,
      CpuQuota: cpu.startsWith('quota') ? hundredths * 1000 : 0,
      CpuPeriod: cpu === 'quota' ? 100_000 : 0,
    };
  });
const wanted = fc.record({
  cpus: fc.integer({ min: 10, max: 800 }).map((hundredths) => hundredths / 100),
  memoryBytes: fc.integer({ min: 6, max: 30_000 }).map((mebibytes) => mebibytes * 1024 ** 2),
});

describe('any limits', () => {
  test('that were set are what was wanted, and setting them again changes nothing', () => {
    fc.assert(
      fc.property(engineLimits, wanted, (before, want) => {
        const held = after(before, changeOf(before, want));
        expect(limitsOf(held).memoryBytes).toBe(want.memoryBytes);
        expect(limitsOf(held).cpus).toBeCloseTo(want.cpus, 6);
        expect(changeOf(held, want)).toEqual({});
      }),
    );
  });

  test('never get less swap than memory, and never both fields for CPUs', () => {
    fc.assert(
      fc.property(engineLimits, wanted, (before, want) => {
        const held = after(before, changeOf(before, want));
        expect(held.MemorySwap <= 0 || held.MemorySwap >= held.Memory).toBe(true);
        expect(held.NanoCpus > 0 && held.CpuQuota > 0).toBe(false);
      }),
    );
  });

  test('come back as they were; those that there were none of become all that the host has', () => {
    fc.assert(
      fc.property(engineLimits, wanted, (before, want) => {
        const held = after(before, changeOf(before, want));
        const back = limitsOf(after(held, wayBackOf(before, held, host)));
        const former = limitsOf(before);
        expect(back.memoryBytes).toBe(former.memoryBytes ?? host.memoryBytes);
        expect(back.cpus).toBeCloseTo(former.cpus ?? host.cpus, 6);
      }),
    );
  });
});

describe('what the cgroup says', () => {
  test('is read in version 1', () => {
    const text = [
      '/sys/fs/cgroup/memory/memory.limit_in_bytes:2147483648',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us:150000',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us:100000',
    ].join('\n');
    expect(parseCgroup(text)).toEqual({ memoryBytes: 2 * gibibyte, cpus: 1.5 });
  });

  test('is read in version 2', () => {
    const text = '/sys/fs/cgroup/memory.max:2147483648\n/sys/fs/cgroup/cpu.max:150000 100000\n';
    expect(parseCgroup(text)).toEqual({ memoryBytes: 2 * gibibyte, cpus: 1.5 });
  });

  test('may be: no limit', () => {
    const first = [
      '/sys/fs/cgroup/memory/memory.limit_in_bytes:9223372036854771712',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us:-1',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us:100000',
    ].join('\n');
    expect(parseCgroup(first)).toEqual({ memoryBytes: null, cpus: null });
    const second = '/sys/fs/cgroup/memory.max:max\n/sys/fs/cgroup/cpu.max:max 100000\n';
    expect(parseCgroup(second)).toEqual({ memoryBytes: null, cpus: null });
  });

  test('is nothing where there is no cgroup to see', () => {
    expect(parseCgroup('')).toBeUndefined();
    expect(parseCgroup('sh: grep: not found')).toBeUndefined();
  });

  test('agrees with what was asked for, but for the kernel’s rounding', () => {
    expect(holds(299_999_232, 300_000_001, tolerances.memoryBytes)).toBe(true);
    expect(holds(299_000_000, 300_000_001, tolerances.memoryBytes)).toBe(false);
    expect(holds(null, null, 0)).toBe(true);
    expect(holds(null, 1, 1000)).toBe(false);
  });
});

test('a container that grows needs room for the next minute too', () => {
  const use = { cpus: 0, memoryBytes: 400, growthBytesPerSecond: 0 };
  expect(leastMemoryBytes(use)).toBe(500);
  expect(leastMemoryBytes({ ...use, growthBytesPerSecond: 10 })).toBe(1100);
});
