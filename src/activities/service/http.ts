import { readFile } from 'node:fs/promises';
import { connect as connectTls } from 'node:tls';
import { connect as connectTcp } from 'node:net';
import { Agent, request } from 'undici';
import type { Setting } from '../setting.ts';

const maxBodyBytes = 1024 * 1024;

export interface HttpAnswer {
  /** 0 when there was no answer at all. */
  status: number;
  durationMs: number;
  body: unknown;
  /** Why there was no answer. */
  failure?: string;
}

export interface HttpRequest {
  method?: 'GET' | 'POST';
  path: string;
  token?: string;
  json?: unknown;
  timeoutMs?: number;
}

/** Asks the service as customers do: its public name and certificate, whatever address it is reached at. Never throws. */
export async function askService(setting: Setting, asked: HttpRequest): Promise<HttpAnswer> {
  const { url, timeoutMs } = setting.stack.service;
  const limitMs = asked.timeoutMs ?? timeoutMs;
  const startedMs = performance.now();
  const since = (): number => Math.round(performance.now() - startedMs);
  const agent = await agentOf(setting, limitMs);
  try {
    const { statusCode, body } = await request(new URL(asked.path, url), {
      dispatcher: agent,
      method: asked.method ?? 'GET',
      headers: {
        accept: 'application/json',
        ...(asked.token === undefined ? {} : { authorization: `Bearer ${asked.token}` }),
        ...(asked.json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(asked.json === undefined ? {} : { body: JSON.stringify(asked.json) }),
      headersTimeout: limitMs,
      bodyTimeout: limitMs,
      signal: AbortSignal.timeout(limitMs),
    });
    const text = await readCapped(body);
    return { status: statusCode, durationMs: since(), body: parseBody(text) };
  } catch (error) {
    return { status: 0, durationMs: since(), body: undefined, failure: failureText(error) };
  } finally {
    await agent.destroy().catch(() => undefined);
  }
}

/** A new connection each time: a kept one would hide that new ones fail. */
async function agentOf({ stack }: Setting, timeoutMs: number): Promise<Agent> {
  const { caFile, connectTo } = stack.service;
  const ca = caFile === undefined ? undefined : await readFile(caFile, 'utf8');
  const [host, port] = connectTo?.split(':') ?? [];
  if (host === undefined || port === undefined) {
    return new Agent({ connect: { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) } });
  }
  return new Agent({
    connect: ({ protocol, hostname }, done) => {
      const address = { host, port: Number(port) };
      const socket =
        protocol === 'https:'
          ? connectTls({ ...address, servername: hostname, ...(ca === undefined ? {} : { ca }) })
          : connectTcp(address);
      const fail = (error: Error): void => done(error, null);
      const tooLong = setTimeout(
        () => socket.destroy(new Error(`No connection within ${timeoutMs} ms`)),
        timeoutMs,
      );
      socket.once('close', () => clearTimeout(tooLong));
      socket.once('error', fail);
      socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
        clearTimeout(tooLong);
        socket.off('error', fail);
        done(null, socket);
      });
    },
  });
}

async function readCapped(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBodyBytes) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : '';
  return `${error.message}${code}`;
}
