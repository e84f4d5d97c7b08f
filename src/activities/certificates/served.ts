import { isIP } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { ServedCertificate } from '../contract/certificates.ts';
import type { Setting } from '../setting.ts';
import { factsOf } from './facts.ts';
import { trustedRoots } from './trust.ts';

const timeoutMs = 5_000;

/** Which of two certificates for one name a server gives is decided by what the client can verify. */
const signatures: Record<string, string> = {
  ecdsa: 'ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512',
  rsa: 'RSA-PSS+SHA256:RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512',
};

export interface Listener {
  host: string;
  port: number;
}

/** Where customers connect to, as the stack file says. */
export function listenerOf({ stack }: Setting): Listener {
  const { url, connectTo } = stack.service;
  const address = new URL(connectTo === undefined ? url : `https://${connectTo}`);
  const port = address.port === '' ? stack.proxy.httpsPort : Number(address.port);
  return { host: address.hostname.replaceAll(/[[\]]/g, ''), port };
}

/**
 * What a new connection for that name gets; a stack with two kinds of certificates is asked for one of them.
 * Never throws: no handshake is an answer too. The certificate is judged, and looked at whatever the verdict.
 */
export async function servedFor(
  setting: Setting,
  hostname: string,
  keyType: string,
): Promise<ServedCertificate> {
  const { host, port } = listenerOf(setting);
  const listener = `${host}:${port}`;
  const several = setting.stack.certificates.pairs.length > 1;
  const sigalgs = several ? signatures[keyType] : undefined;
  try {
    const socket = await handshake({
      host,
      port,
      servername: askedName(hostname),
      ca: await trustedRoots(setting),
      ALPNProtocols: ['h2', 'http/1.1'],
      // Not for a request: what is wrong with it is read from the socket, and reported.
      rejectUnauthorized: false,
      ...(sigalgs === undefined ? {} : { sigalgs }),
    });
    try {
      return { hostname, listener, ...seenOn(socket) };
    } finally {
      socket.destroy();
    }
  } catch (error) {
    const failure = error instanceof Error ? error.message : String(error);
    return { hostname, listener, refusal: 'no handshake', protocol: '', failure };
  }
}

function seenOn(socket: TLSSocket): Pick<ServedCertificate, 'certificate' | 'refusal' | 'protocol'> {
  const certificate = socket.getPeerX509Certificate();
  const protocol = socket.alpnProtocol === false || socket.alpnProtocol === null ? '' : socket.alpnProtocol;
  // A text in spite of its type: OpenSSL's code, or Node's for a name that is not covered.
  const reason: unknown = socket.authorizationError;
  return {
    ...(certificate === undefined ? {} : { certificate: factsOf(certificate) }),
    refusal: socket.authorized ? '' : typeof reason === 'string' ? reason : 'not trusted',
    protocol,
  };
}

/** A name that a wildcard stands for: no client asks for the wildcard itself. */
export function askedName(hostname: string): string {
  return hostname.startsWith('*.') ? hostname.replace('*', 'hermes-ops-any') : hostname;
}

function handshake(options: ConnectionOptions & { servername: string }): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const { servername, ...rest } = options;
    const socket = connect(isIP(servername) === 0 ? { ...rest, servername } : rest);
    const timer = setTimeout(
      () => socket.destroy(new Error(`no handshake within ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      // What comes after the handshake, such as a reset, is no news any more.
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the connection was closed'));
    });
  });
}
