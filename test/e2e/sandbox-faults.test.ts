import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../scripts/sandbox/command.ts';
import { query } from '../../scripts/sandbox/database.ts';
import { clearFaults, readFaults, setFaults } from '../../scripts/sandbox/faults.ts';
import { freePorts } from '../../scripts/sandbox/ports.ts';
import { type Sandbox, startSandbox, stopSandbox } from '../../scripts/sandbox/sandbox.ts';
import { sla } from './support/hermes-shapes.ts';
import {
  type Answer,
  apiAnswers,
  sandboxClient,
  type SandboxClient,
  until,
} from './support/sandbox-client.ts';

const project = `sandbox-faults-${process.pid}`;
const mebibyte = 1024 * 1024;
const everyWorker = { seenBy: 4, workers: 4 };
let stateDirectory: string;
let sandbox: Sandbox;
let client: SandboxClient;

beforeAll(async () => {
  stateDirectory = await mkdtemp(join(tmpdir(), 'hermes-sandbox-'));
  sandbox = await startSandbox({ stateDirectory, project, ports: await freePorts(), rows: 500 });
  client = await sandboxClient(sandbox);
});

afterEach(async () => {
  await clearFaults(sandbox);
});

afterAll(async () => {
  await client.close();
  await stopSandbox({ stateDirectory, project });
  await rm(stateDirectory, { recursive: true, force: true });
});

/** One voice turn, past nginx: so many at once are no matter. */
function turn(session_id = 'turn', tenant_id = 'firm-alder'): Promise<Answer> {
  return client.ask('/api/v1/voice/session', {
    body: { session_id, tenant_id },
    token: 'test',
    at: sandbox.apiUrl,
  });
}

async function componentStatus(name: string): Promise<string | undefined> {
  const { text } = await client.ask('/health/detailed', { at: sandbox.apiUrl });
  return new RegExp(`"component": "${name}", "status": "([a-z]+)"`).exec(text)?.[1];
}

async function restartApi(graceSeconds = 10): Promise<void> {
  await run('docker', ['restart', '--time', String(graceSeconds), sandbox.containers.api]);
  await until('the api answers', () => apiAnswers(client, sandbox));
}

async function startedAt(): Promise<string> {
  return run('docker', [
    'inspect',
    '--format',
    '{{.State.StartedAt}} {{.RestartCount}}',
    sandbox.containers.api,
  ]);
}

async function apiMemoryBytes(): Promise<number> {
  const files = ['/sys/fs/cgroup/memory.current', '/sys/fs/cgroup/memory/memory.usage_in_bytes'];
  for (const file of files) {
    const found = await run('docker', ['exec', sandbox.containers.api, 'cat', file]).catch(() => '');
    if (found !== '') return Number(found);
  }
  throw new Error('The memory of the api is not where it was expected.');
}

/** Ends them and waits until they are gone: one that is only about to end passes the pool's ping, and fails its turn. */
const endSessions = `SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
  WHERE datname = 'hermes' AND pid <> pg_backend_pid()`;

async function manyTurns(count: number): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, (_, n) => turn(`turn-${n}`)));
  return answers.map(({ status }) => status);
}

describe('the connections of its pool', () => {
  it('come back by themselves after they were ended', async () => {
    await manyTurns(20);
    expect(Number(await query(sandbox.containers.postgres, endSessions, 'postgres'))).toBeGreaterThan(3);
    expect(new Set(await manyTurns(20))).toEqual(new Set([200]));
  });

  it('come back after the database was away under another name, and meanwhile say 503', async () => {
    await manyTurns(8);
    const { postgres } = sandbox.containers;
    const rename = (from: string, to: string) =>
      query(postgres, `ALTER DATABASE ${from} RENAME TO ${to}`, 'postgres');
    await until('the database has another name', async () => {
      await query(postgres, endSessions, 'postgres');
      return rename('hermes', 'away').then(
        () => true,
        () => false,
      );
    });
    expect(await turn()).toMatchObject({ status: 503, json: { error_type: 'InvalidCatalogNameError' } });
    expect(await componentStatus('database')).toBe('unhealthy');
    expect((await client.ask('/health')).status).toBe(200);
    await rename('away', 'hermes');
    expect(new Set(await manyTurns(8))).toEqual(new Set([200]));
  });

  it('with noReconnect stay broken until the api restarts', async () => {
    expect(await setFaults(sandbox, { noReconnect: true })).toEqual(everyWorker);
    await query(sandbox.containers.postgres, endSessions, 'postgres');
    expect(new Set(await manyTurns(12))).toEqual(new Set([503]));
    expect(new Set(await manyTurns(12))).toEqual(new Set([503]));
    await restartApi();
    expect(new Set(await manyTurns(12))).toEqual(new Set([200]));
    // Still switched on: for a process that started before it was.
    expect(await readFaults(sandbox)).toEqual({ noReconnect: true });
  });
});

describe('a fault, and without it again', () => {
  it('slowStage slows one stage of every turn', async () => {
    const latencyMs = async () =>
      v.parse(v.object({ latency_ms: v.number() }), (await turn()).json).latency_ms;
    await setFaults(sandbox, { slowStage: { stage: 'text_to_speech', ms: 400 } });
    expect(await latencyMs()).toBeGreaterThan(400);
    await clearFaults(sandbox);
    await until('a turn is fast again', async () => (await latencyMs()) < 400);
  });

  it('errorRate fails turns, and HERMES counts each twice', async () => {
    await restartApi();
    await setFaults(sandbox, { errorRate: 1 });
    expect(new Set(await manyTurns(20))).toEqual(new Set([500]));
    // Each worker tells of its own turns, and some had none.
    await until('a worker tells of its turns', async () => {
      const { json } = await client.ask('/api/v1/monitoring/sla-compliance', { at: sandbox.apiUrl });
      const report = v.parse(sla, json);
      if (report.summary.total_requests === 0) return false;
      expect(report).toMatchObject({
        sla_status: 'BREACH',
        summary: { error_rate: 2, uptime_percentage: -100 },
      });
      return true;
    });
    await clearFaults(sandbox);
    expect(new Set(await manyTurns(4))).toEqual(new Set([200]));
  });

  it('erringTenant fails one tenant only', async () => {
    await setFaults(sandbox, { erringTenant: 'firm-birch' });
    const answers = await Promise.all([turn('a', 'firm-birch'), turn('b', 'firm-cedar')]);
    expect(answers.map(({ status }) => status)).toEqual([500, 200]);
  });

  it('clio down makes its component unhealthy and matters wait among the dead letters', async () => {
    await setFaults(sandbox, { clio: 'down', openai: 'healthy' });
    expect(await componentStatus('clio_api')).toBe('unhealthy');
    expect(await componentStatus('openai_api')).toBe('healthy');
    const made = await client.ask('/api/v1/matters', { body: { client_name: 'Ada Holm' }, token: 'test' });
    expect(made).toMatchObject({ status: 201, json: { clio_sync: 'queued' } });
    const listed = await client.ask('/api/v1/dlq/list?message_type=clio_matter', { token: 'admin' });
    const id = /dlq_[\d.]+_firm-[a-z]+/.exec(listed.text)?.[0];
    const retry = () => client.ask('/api/v1/dlq/retry', { body: { message_ids: [id] }, token: 'admin' });
    expect((await retry()).json).toMatchObject({ retried: 0, failed: 1 });
    await clearFaults(sandbox, ['clio']);
    expect((await retry()).json).toMatchObject({ retried: 1, failed: 0 });
  });

  it('an expired Clio token is cured by a refresh, a revoked one is not', async () => {
    const refresh = () => client.ask('/api/v1/integrations/clio/refresh-token', { body: {}, token: 'admin' });
    await setFaults(sandbox, { clio: 'token-revoked' });
    expect((await refresh()).status).toBe(502);
    await setFaults(sandbox, { clio: 'token-expired' });
    expect((await refresh()).status).toBe(200);
    expect(await readFaults(sandbox)).toEqual({});
  });

  it('heldConnections leave none for anybody else, and the database is degraded', async () => {
    expect(await setFaults(sandbox, { heldConnections: 120 })).toEqual(everyWorker);
    await until('the database is degraded', async () => (await componentStatus('database')) === 'degraded');
    await until('turns fail', async () => (await turn()).status === 503);
    await clearFaults(sandbox);
    await until('every turn works', async () => (await manyTurns(12)).every((status) => status === 200));
    expect(await componentStatus('database')).toBe('healthy');
  });

  it('leakMbPerSecond makes the container grow, and a restart ends it', async () => {
    const before = await apiMemoryBytes();
    await setFaults(sandbox, { leakMbPerSecond: 200 });
    await until('the api grew by 200 MiB', async () => (await apiMemoryBytes()) - before > 200 * mebibyte);
    await restartApi();
    expect((await apiMemoryBytes()) - before).toBeLessThan(100 * mebibyte);
  });
});

describe('an api that', () => {
  it('crashes is started again by Docker, and does not crash again', async () => {
    const before = await startedAt();
    await setFaults(sandbox, { crash: true });
    await until('the container was started again', async () => (await startedAt()) !== before);
    await until('the api answers', () => apiAnswers(client, sandbox));
    const after = await startedAt();
    expect(await manyTurns(4)).toEqual([200, 200, 200, 200]);
    expect(await startedAt()).toBe(after);
  });

  it('hangs answers nobody, is 504 through nginx after 5 s, and does not hear TERM', async () => {
    await setFaults(sandbox, { hang: true });
    const began = Date.now();
    expect((await client.ask('/health')).status).toBe(504);
    expect(Date.now() - began).toBeGreaterThan(4_500);
    const graceSeconds = 2;
    const restartBegan = Date.now();
    await run('docker', ['stop', '--time', String(graceSeconds), sandbox.containers.api]);
    expect(Date.now() - restartBegan).toBeGreaterThan(graceSeconds * 1000);
    const exitCode = await run('docker', [
      'inspect',
      '--format',
      '{{.State.ExitCode}}',
      sandbox.containers.api,
    ]);
    expect(exitCode).toBe('137');
    await run('docker', ['start', sandbox.containers.api]);
    await until('the api answers', () => apiAnswers(client, sandbox));
  });
});
