import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { projectContainers } from '../../../scripts/sandbox/project.ts';
import { waitFor } from '../../../scripts/sandbox/readiness.ts';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';

export type Token = 'admin' | 'test' | 'wrong';

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The parsed body; undefined when it is no JSON. */
  json: unknown;
}

export interface Ask {
  /** Sent as JSON, by POST. */
  body?: unknown;
  token?: Token;
  /** Another address than the one customers use. */
  at?: string;
}

/** Asks a sandbox as a customer does: through nginx, with its certificate checked, a new connection each time. */
export interface SandboxClient {
  dispatcher: Agent;
  ask(path: string, options?: Ask): Promise<Answer>;
  close(): Promise<void>;
}

export async function sandboxClient({
  baseUrl,
  serverName,
  caFile,
  secrets,
}: Sandbox): Promise<SandboxClient> {
  const dispatcher = new Agent({
    connect: { ca: await readFile(caFile), servername: serverName },
    pipelining: 0,
  });
  const tokens: Record<Token, string> = {
    admin: secrets.adminToken,
    test: secrets.testToken,
    wrong: 'wrong',
  };
  return {
    dispatcher,
    async ask(path, { body, token, at = baseUrl } = {}) {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(`${at}${path}`, {
        dispatcher,
        method: body === undefined ? 'GET' : 'POST',
        headers: token === undefined ? {} : { authorization: `Bearer ${tokens[token]}` },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: 15_000,
      });
      const text = await answer.text();
      return { status: statusCode, headers, text, json: parsed(text) };
    },
    close: () => dispatcher.destroy(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Looks again and again until it is true, for `deadlineMs` at most. */
export async function until(
  what: string,
  isTrue: () => Promise<boolean>,
  deadlineMs = 20_000,
): Promise<void> {
  await waitFor(
    async () => ((await isTrue()) ? undefined : what),
    deadlineMs,
    () => new Error(`Not within ${deadlineMs} ms: ${what}`),
  );
}

/** Whether the api itself answers, past nginx. */
export async function apiAnswers(client: SandboxClient, { apiUrl }: Sandbox): Promise<boolean> {
  try {
    return (await client.ask('/health', { at: apiUrl })).status === 200;
  } catch {
    return false;
  }
}

export async function containerNames(project: string): Promise<string[]> {
  return (await projectContainers(project)).map(({ name }) => name).toSorted();
}
