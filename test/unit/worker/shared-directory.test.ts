import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkSharedDirectoryAtStart } from '../../../src/worker/shared-directory.ts';
import { settingOf } from '../../e2e/support/compose-project.ts';

let directory: string;
let engine: Server | undefined;
let warnings: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hermes-ops-shared-'));
  warnings = [];
});
afterEach(async () => {
  engine?.close();
  await rm(directory, { recursive: true, force: true });
});

/** An engine of another host, which has what `answers` says under a path. */
async function startEngine(answers: Record<string, unknown>): Promise<string> {
  const socket = join(directory, 'docker.sock');
  engine = createServer(({ url = '' }, response) => {
    const path = url.replace(/\?.*$/, '').replace(/^\/v[\d.]+/, '');
    response.writeHead(path in answers ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answers[path] ?? { message: `no such thing: ${path}` }));
  }).listen(socket);
  await once(engine, 'listening');
  return socket;
}

async function check(socketPath: string, backups = join(directory, 'backups')): Promise<void> {
  const setting = settingOf(new Docker({ socketPath }), 'test', directory, {
    backups: { directory: backups },
  });
  await checkSharedDirectoryAtStart(setting, (line) => warnings.push(line));
}

test('a Docker engine that does not answer is a warning, and the worker starts', async () => {
  await check(join(directory, 'nobody.sock'));
  expect(warnings).toEqual([expect.stringMatching(/^Warning: not checked .*Docker engine does not answer/)]);
});

test('a stack whose database has no container yet is a warning, and the worker starts', async () => {
  await check(await startEngine({ '/info': { Name: 'another-host' }, '/containers/json': [] }));
  expect(warnings).toEqual([expect.stringMatching(/^Warning: not checked .*no container of the service/)]);
});

test('a directory that the worker cannot make stops it, by name', async () => {
  const socket = await startEngine({ '/info': { Name: 'another-host' }, '/containers/json': [] });
  const file = join(directory, 'a-file');
  await writeFile(file, '');
  await expect(check(socket, join(file, 'backups'))).rejects.toThrow(
    `The directory of the backups, ${file}/backups, cannot be made or written`,
  );
  expect(warnings).toEqual([]);
});
