import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { Agent, request } from 'undici';
import { atRate } from './at-rate.ts';
import { type Answer, KeptConnection } from './kept-connection.ts';
import { TrafficTally } from './traffic-tally.ts';

// Customers, in a process of their own so that a busy test does not look like a slow service:
// `traffic-process.ts URL SERVER-NAME CA-FILE REQUESTS-A-SECOND KEPT-REQUESTS-A-SECOND STREAMS-A-SECOND`. Says "ready" at the
// first good answer and its result when told to stop.

const [url = '', servername = '', caFile = '', rate = '', keptRate = '', streamRate = ''] =
  process.argv.slice(2);
const patienceMs = 15_000;
const streamSeconds = 6;
const keptConnections = 8;

const secureContext = createSecureContext({ ca: await readFile(caFile) });
// A new connection for each: one of HTTP/1.1 that is kept may be closed by a reload just as the next request leaves.
const dispatcher = new Agent({
  connect: { secureContext, servername },
  pipelining: 0,
  headersTimeout: patienceMs,
  bodyTimeout: patienceMs,
});
const kept = Array.from(
  { length: keptConnections },
  () => new KeptConnection({ url, servername, secureContext, patienceMs }),
);
const tally = new TrafficTally();

type Asking = (method: 'GET' | 'POST', path: string, body?: string) => Promise<Answer>;

const overNewConnection: Asking = async (method, path, body) => {
  const answer = await request(`${url}${path}`, { dispatcher, method, body: body ?? null });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
};

function overKept(n: number): Asking {
  const connection = kept[n % kept.length];
  if (connection === undefined) throw new Error('There is no kept connection.');
  return (method, path, body) => connection.ask(method, path, body);
}

async function ask(n: number, way: Asking, over: string): Promise<void> {
  const startedMs = tally.nowMs();
  const isGet = n % 2 === 0;
  const what = `${isGet ? 'GET /health' : 'POST /_sandbox/echo'} over ${over}`;
  tally.sent();
  try {
    const { status, headers, text } = isGet
      ? await way('GET', '/health')
      : await way('POST', '/_sandbox/echo', JSON.stringify({ n }));
    if (status !== 200) return tally.failed(`${what}: ${status}`);
    if (!isGet && text !== JSON.stringify({ n }).replace(':', ': '))
      return tally.failed(`${what}: answered ${text.slice(0, 80)}`);
    tally.answered(String(headers['x-hermes-instance'] ?? 'nobody'), startedMs);
    if (tally.goodAnswers === 1) process.send?.('ready');
  } catch (error) {
    tally.failed(`${what}: ${textOf(error)}`);
  }
}

async function listen(): Promise<void> {
  tally.streamBegan();
  let text = '';
  try {
    const answer = await request(`${url}/_sandbox/stream?seconds=${streamSeconds}`, { dispatcher });
    for await (const chunk of answer.body) text += String(chunk);
    if (answer.statusCode !== 200) tally.streamCut(`stream: ${answer.statusCode}`);
    else if (!text.trimEnd().endsWith('"done": true}'))
      tally.streamCut(`stream: ended early, after ${text.split('\n').length - 1} lines`);
  } catch (error) {
    tally.streamCut(`stream: ${textOf(error)}, after ${text.split('\n').length - 1} lines`);
  }
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string'
    ? `${error.message} (${error.code})`
    : error.message;
}

const loads = [
  atRate(Number(rate), (n) => ask(n, overNewConnection, 'a new connection')),
  atRate(Number(keptRate), (n) => ask(n, overKept(n), 'a kept one')),
  atRate(Number(streamRate), listen),
];

process.once('message', () => {
  const endedMs = tally.nowMs();
  void Promise.all(loads.map(({ stop }) => stop())).then(async () => {
    for (const connection of kept) connection.close();
    await dispatcher.destroy();
    process.send?.(tally.result(endedMs), () => process.disconnect());
  });
});
// The test is gone: nobody listens to the result.
process.once('disconnect', () => process.exit());
