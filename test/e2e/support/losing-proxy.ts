import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** A way to a server on which an answer, or a question, gets lost. */
export interface LosingProxy {
  port: number;
  /** Cuts the connection at the next message that contains `text`: before it arrives, or with its answer. */
  loseNext(text: string, what: 'question' | 'answer'): void;
  close(): void;
}

export async function losingProxy(host: string, port: number): Promise<LosingProxy> {
  let losing: { text: string; what: 'question' | 'answer' } | undefined;
  const proxy = createServer((client) => {
    const target = connect({ host, port });
    let answerIsLost = false;
    const cut = (): void => {
      client.destroy();
      target.destroy();
    };
    client.on('error', cut).on('close', cut);
    target.on('error', cut).on('close', cut);
    target.on('data', (bytes) => (answerIsLost ? cut() : client.write(bytes)));
    client.on('data', (bytes) => {
      if (losing !== undefined && bytes.includes(losing.text)) {
        const { what } = losing;
        losing = undefined;
        if (what === 'question') return cut();
        answerIsLost = true;
      }
      target.write(bytes);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port');
  return {
    port: address.port,
    loseNext: (text, what) => {
      losing = { text, what };
    },
    close: () => proxy.close(),
  };
}
