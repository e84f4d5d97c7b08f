import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** Lets those who reach `host` through to a port on loopback. */
export interface Door {
  /** HOST:PORT */
  address: string;
  close(): void;
}

/**
 * Opens a door from an address of this machine to what listens on loopback only: Temporal's development server works
 * on 127.0.0.1 or on every address, and nothing in between.
 */
export async function openDoor(host: string, loopbackPort: number): Promise<Door> {
  const open = new Set<Socket>();
  const server = createServer((outside) => {
    const inside = connect(loopbackPort, '127.0.0.1');
    for (const [socket, other] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The door has no port.');
  return {
    address: `${host}:${address.port}`,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
