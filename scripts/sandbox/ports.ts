import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** The host ports, on loopback: the api itself, nginx without and with TLS. */
export interface SandboxPorts {
  api: number;
  http: number;
  https: number;
}

/** Away from HERMES's own 8000, 80 and 443, so that nothing on the machine collides. */
export const usualPorts: SandboxPorts = { api: 18_000, http: 18_080, https: 18_443 };

/** Below the ports that Linux gives to outgoing connections: one of those may take a free port before it is used. */
const free = { from: 20_000, to: 32_000 };
const tries = 100;

/** Three ports that nobody uses at this moment. */
export async function freePorts(): Promise<SandboxPorts> {
  const api = await freePort([]);
  const http = await freePort([api]);
  return { api, http, https: await freePort([api, http]) };
}

async function freePort(taken: readonly number[]): Promise<number> {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const port = randomInt(free.from, free.to);
    if (!taken.includes(port) && (await isFree(port))) return port;
  }
  throw new Error(`No free port was found between ${free.from} and ${free.to}.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
