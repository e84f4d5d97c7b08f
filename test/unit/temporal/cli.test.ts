import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import {
  ensureTemporalCli,
  ensureTemporalTestServer,
  isOlder,
  parseCliVersion,
} from '../../../src/temporal/cli.ts';
import { architectureFor, temporalCli } from '../../../src/temporal/pinned-tools.ts';
import { temporaryFolder } from './temporary-folder.ts';

function program(path: string, prints: string): string {
  writeFileSync(path, `#!/bin/sh\necho '${prints}'\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A state directory that has fetched both tools before, so that nothing is fetched in a unit test. */
function stateWithTools(): string {
  const state = temporaryFolder();
  for (const tool of ['temporal-1.9.1/temporal', 'temporal-test-server-1.40.0/temporal-test-server']) {
    mkdirSync(join(state, 'tools', tool, '..'), { recursive: true });
    program(join(state, 'tools', tool), 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)');
  }
  return state;
}

test('the version is read from what Temporal’s command line says', () => {
  expect(parseCliVersion('temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)\n')).toBe('1.9.1');
  expect(parseCliVersion('temporal version v1.10.0\n')).toBe('1.10.0');
  expect(parseCliVersion('Temporal, a job scheduler 3.0.0')).toBeUndefined();
});

test('versions compare by their numbers', () => {
  expect(isOlder('1.9.0', '1.10.0')).toBe(true);
  expect(isOlder('1.10.0', '1.9.9')).toBe(false);
  expect(isOlder('1.9.1', '1.9.1')).toBe(false);
  expect(isOlder('0.13.2', '1.0.0')).toBe(true);
});

test('a pinned build exists for Linux on both architectures, and elsewhere the error says what to do', () => {
  expect(architectureFor(temporalCli, 'linux', 'x64')).toBe('x86_64');
  expect(architectureFor(temporalCli, 'linux', 'arm64')).toBe('aarch64');
  expect(() => architectureFor(temporalCli, 'darwin', 'arm64')).toThrow('Install temporal 1.9.1 yourself');
});

test('the chosen binary is used, whatever PATH has', async () => {
  const path = program(join(temporaryFolder(), 'my-temporal'), 'temporal version 1.9.3 (Server 1.32.0)');
  const tool = await ensureTemporalCli({
    stateDirectory: stateWithTools(),
    chosenPath: path,
    log: vi.fn<(line: string) => void>(),
  });
  expect(tool).toEqual({ path, version: '1.9.3', origin: 'chosen' });
});

test('a chosen binary that is not Temporal’s is an error, not a reason to look elsewhere', async () => {
  const path = program(join(temporaryFolder(), 'temporal'), 'something else 1.9.3');
  const options = {
    stateDirectory: stateWithTools(),
    chosenPath: path,
    log: vi.fn<(line: string) => void>(),
  };
  await expect(ensureTemporalCli(options)).rejects.toThrow(`TEMPORAL_CLI_PATH is ${path}`);
  await expect(ensureTemporalTestServer({ ...options, chosenPath: '/no/such/file' })).rejects.toThrow(
    'TEMPORAL_TEST_SERVER_PATH is /no/such/file',
  );
});

test('one on PATH is used when it is new enough, and named in the log when it is not', async () => {
  const [old, good] = [temporaryFolder(), temporaryFolder()];
  program(join(old, 'temporal'), 'temporal version 0.13.2 (Server 1.24.0)');
  const log = vi.fn<(line: string) => void>();
  vi.stubEnv('PATH', `${old}:${good}:/usr/bin:/bin`);
  const stateDirectory = stateWithTools();
  expect(await ensureTemporalCli({ stateDirectory, log })).toMatchObject({ origin: 'fetched before' });
  program(join(good, 'temporal'), 'temporal version 1.9.2 (Server 1.32.0)');
  expect(await ensureTemporalCli({ stateDirectory, log })).toEqual({
    path: join(good, 'temporal'),
    version: '1.9.2',
    origin: 'PATH',
  });
  expect(log.mock.calls[0]?.[0]).toContain('is only 0.13.2: it is not used');
  vi.unstubAllEnvs();
});
