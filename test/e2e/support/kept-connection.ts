import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { text } from 'node:stream/consumers';
import type { SecureContext } from 'node:tls';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

export interface KeptConnectionOptions {
  url: string;
  servername: string;
  secureContext: SecureContext;
  /** For each request. */
  patienceMs: number;
}

/** How often one request meets a server that goes away, at most. */
const attempts = 5;

/**
 * A connection as a browser keeps it: HTTP/2, many requests, opened anew when the server says that it goes away. What the
 * server has not begun by then is asked again (RFC 9113, 6.8 and 8.7); every other failure is one.
 */
export class KeptConnection {
  readonly #options: KeptConnectionOptions;
  #session: ClientHttp2Session | undefined;

  constructor(options: KeptConnectionOptions) {
    this.#options = options;
  }

  async ask(method: 'GET' | 'POST', path: string, body?: string): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const stream = this.#open().request({ ':method': method, ':path': path });
      try {
        return await answerOf(stream, this.#options.patienceMs, body);
      } catch (error) {
        if (stream.rstCode !== constants.NGHTTP2_REFUSED_STREAM || attempt === attempts) throw error;
      }
    }
  }

  close(): void {
    this.#session?.close();
  }

  #open(): ClientHttp2Session {
    const present = this.#session;
    if (present !== undefined && !present.closed && !present.destroyed) return present;
    const { url, servername, secureContext } = this.#options;
    const session = connect(url, { servername, secureContext });
    // What is under way fails with it, and says so there.
    session.on('error', () => undefined);
    this.#session = session;
    return session;
  }
}

async function answerOf(stream: ClientHttp2Stream, patienceMs: number, body?: string): Promise<Answer> {
  let headers: IncomingHttpHeaders = {};
  stream.once('response', (received) => (headers = received));
  stream.setTimeout(patienceMs, () => stream.close(constants.NGHTTP2_CANCEL));
  stream.end(body);
  const received = await text(stream);
  const status = Number(headers[':status'] ?? 0);
  if (status === 0) throw new Error('the stream ended without an answer');
  return { status, headers, text: received };
}
