import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { Client } from '@temporalio/client';
import Docker from 'dockerode';
import type { Setting } from '../../../../src/activities/setting.ts';
import { parseStack } from '../../../../src/stack/parse.ts';

export type Reply = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A service that answers as the test says, and a setting that points to it. */
export interface FakeService {
  setting: Setting;
  port: number;
  asked: { method: string; path: string; authorization: string | undefined; body: string }[];
  reply: Reply;
  close(): Promise<void>;
}

export const token = 'the-test-token';

export async function startService(reply: Reply): Promise<FakeService> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { method = '', url = '', headers } = request;
      service.asked.push({ method, path: url, authorization: headers.authorization, body });
      service.reply(request, response, body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const service: FakeService = {
    port,
    asked: [],
    reply,
    setting: settingOf({ url: `http://127.0.0.1:${port}` }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return service;
}

export function settingOf(service: Record<string, unknown>): Setting {
  return {
    stack: parseStack(JSON.stringify({ service: { timeout: '500ms', ...service } }), 'test.yaml'),
    docker: new Docker(),
    secret: async () => token,
    stateDirectory: '/nowhere',
    client: new Client(),
    isAlive: async () => false,
  };
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
