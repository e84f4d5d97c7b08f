import { problem } from '../../problem.ts';
import type { Setting } from '../setting.ts';
import { execIn } from './exec.ts';
import { established, isLoopback, parseTcpTable, type TcpConnection } from './tcp-table.ts';

/** The connections that a container sees, read within its network. Throws Unreachable. */
export async function connectionsIn(setting: Setting, containerId: string): Promise<TcpConnection[]> {
  // Without IPv6 there is no tcp6, and `cat` says so by its exit code alone.
  const { stdout, stderr } = await execIn(setting, containerId, ['cat', '/proc/net/tcp', '/proc/net/tcp6']);
  if (stdout.includes('local_address')) return parseTcpTable(stdout);
  throw problem('Unreachable', {
    what: `The connections of a container could not be read: ${stderr.trim() || 'no answer'}.`,
    next: 'It is tried again.',
  });
}

/** How many customers' connections a container has open on a port. Its own health check is none. */
export function customersOn(connections: readonly TcpConnection[], port: number): number {
  return connections.filter(
    ({ state, localPort, remoteAddress }) =>
      state === established && localPort === port && !isLoopback(remoteAddress),
  ).length;
}
