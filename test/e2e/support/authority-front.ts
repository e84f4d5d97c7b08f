import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request } from 'node:https';
import { json } from 'node:stream/consumers';
import { run } from '../../../scripts/sandbox/command.ts';
import { gate } from './gate.ts';
import { pairFor } from './certificate-ground.ts';
import type { Installation } from './installation.ts';

const acmePort = 14_000;
const newOrder = '/order-plz';
const directory = '/dir';
const renewalInfo = '/renewal-info';

/**
 * Stands before a sandbox's certificate authority: everything goes through to it, but for what a test wants to go wrong.
 * It counts orders, so that a test can say that none was spent.
 */
export interface AuthorityFront {
  /** The ACME directory, as containers of the sandbox's network reach it. */
  directoryUrl: string;
  /** When orders came, ms of the clock: those that were refused too. */
  orders: number[];
  /** The next orders are refused with that status and header. */
  refuse(times: number, status: 429 | 503, retryAfterS?: number): void;
  /** The next order waits at the door. */
  hold(): { reached: Promise<void>; release: () => void };
  /** It suggests to renew every certificate within that window, as ACME Renewal Information; Debian's Pebble cannot. */
  suggest(window: { start: Date; end: Date }): void;
  /** For the next test: nothing is refused, held or suggested, and nothing was counted. */
  reset(): void;
  /** Nobody answers at the address any more. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export async function openFront(hermes: Pick<Installation, 'sandbox' | 'docker'>): Promise<AuthorityFront> {
  const { sandbox, docker } = hermes;
  const { gateway, authority } = await addresses(hermes);
  const own = await pairFor(hermes, { names: [gateway] });
  const ca = await readFile(sandbox.folders.caFile);
  const refusals: { status: number; retryAfterS: number | undefined }[] = [];
  const held: { reached: () => void; released: Promise<void>; release: () => void }[] = [];
  const orders: number[] = [];
  let suggestedWindow: { start: Date; end: Date } | undefined;

  const answer = async (asked: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (asked.url === newOrder && asked.method === 'POST') {
      orders.push(Date.now());
      const wait = held.shift();
      wait?.reached();
      await wait?.released;
      const refusal = refusals.shift();
      if (refusal !== undefined) {
        asked.resume();
        return refuse(response, refusal.status, refusal.retryAfterS);
      }
    }
    if (suggestedWindow !== undefined && asked.url?.startsWith(`${renewalInfo}/`) === true)
      return answerJson(response, { suggestedWindow });
    const { method, url, headers } = asked;
    const to = { host: authority, port: acmePort, servername: 'authority', ca };
    const forwarded = request({ ...to, method, path: url, headers }, (answered) => {
      if (suggestedWindow !== undefined && url === directory && method === 'GET') {
        json(answered)
          .then((entries) =>
            answerJson(
              response,
              Object.assign({}, entries, { renewalInfo: `https://${headers.host}${renewalInfo}` }),
            ),
          )
          .catch(() => response.destroy());
        return;
      }
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    forwarded.once('error', () => response.destroy());
    asked.pipe(forwarded);
  };

  const server = createServer({ cert: own.certificatePem, key: own.keyPem }, (asked, response) => {
    answer(asked, response).catch(() => response.destroy());
  });
  server.listen(0, gateway);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The front has no port.');
  const { port } = address;
  return {
    directoryUrl: `https://${gateway}:${port}${directory}`,
    orders,
    refuse(times, status, retryAfterS) {
      for (let time = 0; time < times; time += 1) refusals.push({ status, retryAfterS });
    },
    hold() {
      const door = gate();
      const reached = gate();
      held.push({ reached: reached.open, released: door.opened, release: door.open });
      return { reached: reached.opened, release: door.open };
    },
    suggest(window) {
      suggestedWindow = window;
    },
    reset() {
      suggestedWindow = undefined;
      for (const { release } of held.splice(0)) release();
      refusals.length = 0;
      orders.length = 0;
    },
    async down() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    async up() {
      server.listen(port, gateway);
      await once(server, 'listening');
    },
  };

  async function addresses({ sandbox: { network, authority: there } }: Pick<Installation, 'sandbox'>) {
    const format = '{{(index .IPAM.Config 0).Gateway}}';
    const gatewayAddress = await run('docker', ['network', 'inspect', '--format', format, network]);
    const info = await docker.getContainer(there?.container ?? '').inspect();
    return {
      gateway: gatewayAddress.trim(),
      authority: info.NetworkSettings.Networks[network]?.IPAddress ?? '',
    };
  }
}

function answerJson(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

/** As authorities word it. */
function refuse(response: ServerResponse, status: number, retryAfterS: number | undefined): void {
  const type = status === 429 ? 'rateLimited' : 'serverInternal';
  const detail = status === 429 ? 'too many new orders recently' : 'down for maintenance';
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
  });
  response.end(JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail, status }));
}
