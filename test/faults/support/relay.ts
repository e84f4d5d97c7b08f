import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The Docker engine as a worker reaches it, which can be away for a while. */
export interface Relay {
  socketPath: string;
  /** The engine goes away: what is under way is cut, nothing new is let through. */
  away(): Promise<void>;
  /** It is back. */
  back(): Promise<void>;
}

const engineSocket = '/var/run/docker.sock';

/** Opens a socket at `socketPath` that leads to the engine's own. */
export async function openRelay(socketPath: string): Promise<Relay> {
  const open = new Set<Socket>();
  let server: Server | undefined;
  const relay: Relay = {
    socketPath,
    async away() {
      const closing = server;
      server = undefined;
      if (closing === undefined) return;
      const closed = once(closing, 'close');
      closing.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
    async back() {
      await rm(socketPath, { force: true });
      server = createServer({ allowHalfOpen: true }, (worker) => {
        const engine = connect({ path: engineSocket, allowHalfOpen: true });
        for (const [socket, other] of [
          [worker, engine],
          [engine, worker],
        ] as const) {
          open.add(socket);
          socket.on('error', () => other.destroy());
          socket.once('close', () => {
            open.delete(socket);
            other.destroy();
          });
          socket.pipe(other);
        }
      });
      server.listen(socketPath);
      await once(server, 'listening');
    },
  };
  await relay.back();
  return relay;
}
