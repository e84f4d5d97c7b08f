import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'undici';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query } from '../../scripts/sandbox/database.ts';
import { makeDeadLetters } from '../../scripts/sandbox/faults.ts';
import type { Sandbox } from '../../scripts/sandbox/sandbox.ts';
import { shapes, sla } from './support/hermes-shapes.ts';
import { type OwnSandbox, ownSandbox } from './support/own-sandbox.ts';
import { type SandboxClient, until } from './support/sandbox-client.ts';

const rows = 2_000;
let own: OwnSandbox;
let sandbox: Sandbox;
let client: SandboxClient;

beforeAll(async () => {
  own = await ownSandbox('sandbox', { rows });
  ({ sandbox, client } = own);
});
afterAll(() => own?.close());

describe('its routes', () => {
  it.each(shapes)('GET %s has the shape that HERMES gives it', async (path, shape) => {
    const { status: code, json, headers } = await client.ask(path, { token: 'admin' });
    expect(code).toBe(200);
    expect(headers['x-hermes-instance']).toMatch(/^[0-9a-f]{12}$/);
    expect(v.safeParse(shape, json).issues).toBeUndefined();
  });

  it('without an OpenAI key one unknown component makes the whole unknown', async () => {
    const { json } = await client.ask('/health/detailed');
    expect(json).toMatchObject({ status: 'unknown', summary: { unhealthy: 0, unknown: 1 } });
  });

  it('refuses who brings no token, a wrong one, or one that is not enough', async () => {
    const answers = await Promise.all([
      client.ask('/api/v1/dlq/stats'),
      client.ask('/api/v1/dlq/stats', { token: 'wrong' }),
      client.ask('/api/v1/dlq/stats', { token: 'test' }),
      client.ask('/api/v1/voice/session', { body: { session_id: 'x' } }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([401, 401, 403, 401]);
  });

  it('a voice session is written to PostgreSQL, and a bad one says which field', async () => {
    const good = await client.ask('/api/v1/voice/session', { body: { session_id: 'smoke' }, token: 'test' });
    expect(good).toMatchObject({
      status: 200,
      json: { session_id: 'smoke', status: 'active', cached: true },
    });
    const turns = "SELECT turns FROM voice_sessions WHERE session_id = 'smoke'";
    expect(await query(sandbox.containers.postgres, turns)).toBe('1');
    const bad = await client.ask('/api/v1/voice/session', { body: { session_id: 7 }, token: 'test' });
    expect(bad).toMatchObject({ status: 422, json: { detail: expect.stringContaining('session_id') } });
  });

  it('a matter is written to PostgreSQL and is the newest of the list', async () => {
    const made = await client.ask('/api/v1/matters', { body: { client_name: "O'Hara; --" }, token: 'test' });
    expect(made).toMatchObject({ status: 201, json: { reference: `M-${rows + 1}`, clio_sync: 'synced' } });
    const { json } = await client.ask('/api/v1/matters?limit=1');
    expect(json).toMatchObject({ matters: [{ id: rows + 1, client_name: "O'Hara; --" }] });
  });

  it('dead letters are kept in Redis and retried once', async () => {
    await makeDeadLetters(sandbox, 6, { messageType: 'zapier_webhook', priority: 'critical' });
    const letter = v.object({
      messages: v.array(v.object({ id: v.pipe(v.string(), v.regex(/^dlq_\d+\.\d{6}_firm-[a-z]+$/)) })),
    });
    const listed = await client.ask('/api/v1/dlq/list?message_type=zapier_webhook', { token: 'admin' });
    const message_ids = v.parse(letter, listed.json).messages.map(({ id }) => id);
    expect(message_ids).toHaveLength(6);
    const retry = () => client.ask('/api/v1/dlq/retry', { body: { message_ids }, token: 'admin' });
    expect((await retry()).json).toMatchObject({ retried: 6, failed: 0, not_found: 0 });
    expect((await retry()).json).toMatchObject({ retried: 0, failed: 0, not_found: 6 });
  });

  it('each worker counts only what it did itself', async () => {
    const at = sandbox.apiUrl;
    const counts = new Set<number>();
    await until('two workers tell of different numbers', async () => {
      await client.ask('/api/v1/voice/session', { body: { session_id: 'turn' }, token: 'test', at });
      const [one, other] = [await totalRequests(at), await totalRequests(at)];
      counts.add(one).add(other);
      return one !== other;
    });
    expect(counts.size).toBeGreaterThan(1);
  });
});

async function totalRequests(at: string): Promise<number> {
  const { json } = await client.ask('/api/v1/monitoring/sla-compliance', { at });
  return v.parse(sla, json).summary.total_requests;
}

describe('its proxy', () => {
  it('serves a certificate of its own authority for its names, which nobody else trusts', async () => {
    const stranger = await fetch(`${sandbox.baseUrl}/health`).catch((error: unknown) => error);
    expect(stranger).toBeInstanceOf(TypeError);
    const names = await new Promise<string | undefined>((resolve, reject) => {
      const options = {
        port: sandbox.ports.https,
        servername: 'hermes.localhost',
        rejectUnauthorized: false,
      };
      const socket = connectTls(options, () => {
        resolve(socket.getPeerCertificate().subjectaltname);
        socket.destroy();
      }).once('error', reject);
    });
    expect(names).toBe(
      'DNS:hermes.localhost, DNS:voice.hermes.localhost, DNS:localhost, IP Address:127.0.0.1',
    );
  });

  it('answers ACME challenges on port 80 and sends all else to TLS', async () => {
    const folder = join(sandbox.folders.webroot, '.well-known', 'acme-challenge');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'token'), 'proof');
    const at = sandbox.httpUrl;
    expect(await client.ask('/.well-known/acme-challenge/token', { at })).toMatchObject({ text: 'proof' });
    const elsewhere = await client.ask('/health', { at });
    expect(elsewhere).toMatchObject({ status: 301, headers: { location: 'https://localhost/health' } });
  });

  it('gives one address ten connections under /api/, and /health as many as it likes', async () => {
    const streams = Array.from({ length: 14 }, () => client.ask('/api/v1/voice/stream?seconds=1.5'));
    const health = await Promise.all(Array.from({ length: 14 }, () => client.ask('/health')));
    const codes = (await Promise.all(streams)).map((answer) => answer.status);
    expect(codes.filter((code) => code === 200)).toHaveLength(10);
    expect(codes.filter((code) => code === 503)).toHaveLength(4);
    expect(health.every((answer) => answer.status === 200)).toBe(true);
  });

  it('streams to the last line', async () => {
    const { text } = await client.ask('/api/v1/voice/stream?seconds=0.6');
    expect(text.trim().split('\n').at(-1)).toContain('"done": true');
  });

  it('passes WebSockets through', async () => {
    const url = `${sandbox.baseUrl.replace('https', 'wss')}/api/v1/voice/ws`;
    const socket = new WebSocket(url, { dispatcher: client.dispatcher });
    const heard: string[] = [];
    socket.addEventListener('message', ({ data }) => heard.push(String(data)));
    socket.addEventListener('open', () => {
      socket.send('hello');
    });
    await until('two messages came', async () => heard.length === 2);
    socket.close();
    expect(heard[1]).toContain('"type": "transcript", "text": "hello"');
  });
});
