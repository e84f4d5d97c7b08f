import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';
import { runningDevServer, startDevServer } from '../../../src/temporal/dev-server.ts';
import { ensureSearchAttributes } from '../../../src/temporal/ensure-search-attributes.ts';
import { freePort } from '../../../src/temporal/free-ports.ts';
import { temporaryFolder } from './temporary-folder.ts';

function options(cliPath = process.env['TEMPORAL_CLI_PATH'] ?? 'temporal') {
  const folder = temporaryFolder();
  return {
    cliPath,
    databaseFile: join(folder, 'temporal.db'),
    logFile: join(folder, 'temporal.log'),
    log: () => {},
  };
}

async function somebodyOn(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
}

test('it serves with our search attributes and 90 days of records, and a second start finds it', async () => {
  const wanted = { ...options(), port: await freePort(0, '127.0.0.1') };
  await somebodyOn(wanted.port);
  const server = await startDevServer(wanted);
  onTestFinished(() => server.stop());
  expect(server.reused).toBe(false);
  expect(server.port).not.toBe(wanted.port);

  const connection = await Connection.connect({ address: server.address });
  onTestFinished(() => connection.close());
  expect(await ensureSearchAttributes(connection, 'default')).toEqual([]);
  const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(90 * 24 * 60 * 60);

  const second = await startDevServer(wanted);
  expect(second).toMatchObject({ pid: server.pid, reused: true, address: server.address });
  await second.stop();
  expect(await runningDevServer(wanted.databaseFile)).toBeUndefined();
});

test('one that ends at once is an error with its last words, and leaves no record', async () => {
  const broken = join(temporaryFolder(), 'temporal');
  writeFileSync(broken, '#!/bin/sh\necho "the disk is full" >&2\nexit 3\n');
  chmodSync(broken, 0o755);
  const wanted = options(broken);
  await expect(startDevServer(wanted)).rejects.toThrow(/it ended with exit code 3.*the disk is full/s);
  expect(existsSync(`${wanted.databaseFile}.server.json`)).toBe(false);
  expect(existsSync(`${wanted.databaseFile}.starting`)).toBe(false);
});

test('a binary that cannot be started is named', async () => {
  await expect(startDevServer(options('/no/such/temporal'))).rejects.toThrow(
    '/no/such/temporal could not be started',
  );
});

test('two that start on one port at the same moment are two servers', async () => {
  const port = await freePort(0, '127.0.0.1');
  const servers = await Promise.all([
    startDevServer({ ...options(), port }),
    startDevServer({ ...options(), port }),
  ]);
  for (const server of servers) onTestFinished(() => server.stop());
  expect(new Set(servers.map(({ address }) => address)).size).toBe(2);
  for (const { pid } of servers) expect(process.kill(pid, 0)).toBe(true);
});
