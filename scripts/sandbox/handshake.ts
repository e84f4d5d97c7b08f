import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:tls';
import type { Sandbox } from './sandbox.ts';

const handshakeMs = 5_000;

/** What a new connection gets: the certificate's fingerprint, or why a client that checks refuses it. */
export type Handshake = { fingerprint: string; protocol: string } | { refused: string };

/** Connects to nginx's published port as a customer does, who trusts the sandbox's authorities and checks everything. */
export async function handshake(
  { ports, caFile }: Pick<Sandbox, 'ports' | 'caFile'>,
  servername = 'hermes.localhost',
  /** What a client can verify decides which of two certificates it gets. */
  sigalgs?: string,
): Promise<Handshake> {
  const ca = await readFile(caFile);
  return new Promise((resolve) => {
    const ALPNProtocols = ['h2', 'http/1.1'];
    const which = sigalgs === undefined ? {} : { sigalgs };
    const socket = connect({ host: '127.0.0.1', port: ports.https, servername, ca, ALPNProtocols, ...which });
    const end = (answer: Handshake): void => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(handshakeMs, () => end({ refused: 'timeout' }));
    socket.once('error', (error) => {
      end({ refused: 'code' in error && typeof error.code === 'string' ? error.code : error.message });
    });
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) end({ refused: 'no certificate' });
      else end({ fingerprint: fingerprintOf(certificate), protocol: String(socket.alpnProtocol) });
    });
  });
}

/** As the product writes it: hexadecimal digits without colons. */
export function fingerprintOf({ fingerprint256 }: Pick<X509Certificate, 'fingerprint256'>): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}
