import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { createSecureContext, TLSSocket } from 'node:tls';
import { fingerprintOf } from '../../../scripts/sandbox/handshake.ts';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';
import { type Noticed as Steady, steadyLoad } from './steady-load.ts';

/** What customers who connected anew for each request noticed. */
export interface Noticed extends Steady {
  /** Until the first of them got another certificate than at the beginning, in seconds; NaN when none did. */
  otherAfterS: number;
}

const patienceMs = 5_000;

/** So many new TLS connections a second, each with one request, by customers who check the certificate. */
export async function startConnections(
  { ports, caFile, serverName }: Sandbox,
  perSecond: number,
): Promise<{ stop(): Promise<Noticed> }> {
  const secureContext = createSecureContext({ ca: await readFile(caFile) });
  // Nothing is kept of a connection, and each makes its handshake in full.
  const agent = new Agent({ secureContext, servername: serverName, keepAlive: false, maxCachedSessions: 0 });
  const startedMs = performance.now();
  let first: string | undefined;
  let otherAfterMs = Number.NaN;
  const load = steadyLoad(perSecond, async () => {
    const fingerprint = await connectOnce(ports.https, agent);
    first ??= fingerprint;
    if (fingerprint !== first && Number.isNaN(otherAfterMs)) otherAfterMs = performance.now() - startedMs;
  });
  return {
    stop: async () => ({ ...(await load.stop()), otherAfterS: otherAfterMs / 1000 }),
  };
}

/** One request over a connection of its own. Returns the fingerprint of the certificate. */
function connectOnce(port: number, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: '127.0.0.1',
        port,
        path: '/health',
        agent,
        timeout: patienceMs,
      },
      (answer) => {
        const { socket } = answer;
        const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
        answer.resume();
        answer.once('end', () => {
          if (answer.statusCode !== 200) reject(new Error(String(answer.statusCode)));
          else if (certificate === undefined) reject(new Error('no certificate'));
          else resolve(fingerprintOf(certificate));
        });
        answer.once('error', reject);
      },
    );
    asked.once('timeout', () => asked.destroy(new Error('timeout')));
    asked.once('error', reject);
    asked.end();
  });
}
