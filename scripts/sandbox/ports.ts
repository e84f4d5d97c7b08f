import { createServer } from 'node:net';

/** The host ports, on loopback: the api itself, nginx without and with TLS. */
export interface SandboxPorts {
  api: number;
  http: number;
  https: number;
}

/** Away from HERMES's own 8000, 80 and 443, so that nothing on the machine collides. */
export const usualPorts: SandboxPorts = { api: 18_000, http: 18_080, https: 18_443 };

/** Three ports that nobody uses at this moment. */
export async function freePorts(): Promise<SandboxPorts> {
  const servers = await Promise.all([listen(), listen(), listen()]);
  const [api, http, https] = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('A listening socket has no port.');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  if (api === undefined || http === undefined || https === undefined)
    throw new Error('No free port was found.');
  return { api, http, https };
}

function listen(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      resolve(server);
    });
  });
}
