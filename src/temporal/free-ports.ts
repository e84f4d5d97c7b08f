import { createServer } from 'node:net';

/** The wanted port when nothing listens on it at `host`, else any free one. */
export async function freePort(wanted: number, host: string): Promise<number> {
  return (await listenOnce(wanted, host)) ?? (await anyFreePort(host));
}

async function anyFreePort(host: string): Promise<number> {
  const port = await listenOnce(0, host);
  if (port === undefined) throw new Error(`No free port could be found on ${host}.`);
  return port;
}

/** Listens for a moment; undefined when somebody else does already. */
function listenOnce(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(new Error(`Cannot listen on ${host}: ${error.message}`, { cause: error }));
    });
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const chosen = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(chosen));
    });
  });
}
