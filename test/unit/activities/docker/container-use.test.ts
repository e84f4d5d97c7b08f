import { describe, expect, test } from 'vitest';
import { usedBytes, useOf } from '../../../../src/activities/docker/container-use.ts';

const mebibyte = 1024 ** 2;
const look = (second: number, mebibytes: number, cpuSeconds = 0) => ({
  atMs: 1_000_000 + second * 1000,
  cpuNs: cpuSeconds * 1e9,
  memoryBytes: mebibytes * mebibyte,
});

describe('what a container uses', () => {
  test('is the CPU time of the looks over the time between them', () => {
    expect(useOf([look(0, 90, 7), look(1, 90, 8.5), look(2, 90, 10)])?.cpus).toBe(1.5);
  });

  test('grows when it grew at every look', () => {
    expect(useOf([look(0, 90), look(1, 110), look(2, 130)])).toMatchObject({
      memoryBytes: 130 * mebibyte,
      growthBytesPerSecond: 20 * mebibyte,
    });
  });

  test.each([
    ['that goes up and down', [90, 130, 110]],
    ['that stays for one look', [90, 130, 130]],
    ['of less than 1 MiB a second', [90, 90.4, 90.8]],
  ])('does not count as growing for a use %s', (_, mebibytes) => {
    expect(useOf(mebibytes.map((size, second) => look(second, size)))?.growthBytesPerSecond).toBe(0);
  });

  test('is unknown after one look, or two at the same moment', () => {
    expect(useOf([])).toBeNull();
    expect(useOf([look(0, 90)])).toBeNull();
    expect(useOf([look(0, 90), look(0, 91)])).toBeNull();
  });
});

describe('memory that is used', () => {
  const stats = {
    total_inactive_file: 30,
    total_active_file: 20,
    inactive_file: 3,
    active_file: 2,
    cache: 60,
  };

  test('is without the cache of files in version 1', () => {
    expect(usedBytes({ usage: 100, stats } as never)).toBe(50);
  });

  test('is without the cache of files in version 2', () => {
    expect(usedBytes({ usage: 100, stats: { inactive_file: 30, active_file: 10 } } as never)).toBe(60);
  });

  test('is unknown for what does not run', () => {
    expect(usedBytes({})).toBeUndefined();
  });
});
