import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { Agent, type Dispatcher, request } from 'undici';
import { TrafficTally } from './traffic-tally.ts';

// Customers, in a process of their own so that a busy test does not look like a slow service:
// `traffic-process.ts URL SERVER-NAME CA-FILE REQUESTS-A-SECOND STREAMS-A-SECOND`. Says "ready" at the first good answer and its
// result when told to stop.

const [url = '', servername = '', caFile = '', rate = '', streamRate = ''] = process.argv.slice(2);
const patienceMs = 15_000;
const streamSeconds = 6;
const tickMs = 10;

// A new connection for each: a kept one may be closed by a reload just as the next request leaves, whatever serves.
const secureContext = createSecureContext({ ca: await readFile(caFile) });
const dispatcher = new Agent({ connect: { secureContext, servername }, pipelining: 0 });
const tally = new TrafficTally();
const underWay = new Set<Promise<void>>();

async function ask(n: number): Promise<void> {
  const startedMs = tally.nowMs();
  const what = n % 2 === 0 ? 'GET /health' : 'POST /_sandbox/echo';
  tally.sent();
  try {
    const answer = await (n % 2 === 0 ? get('/health') : post('/_sandbox/echo', { n }));
    const text = await answer.body.text();
    if (answer.statusCode !== 200) return tally.failed(`${what}: ${answer.statusCode}`);
    if (n % 2 === 1 && text !== JSON.stringify({ n }).replace(':', ': '))
      return tally.failed(`${what}: answered ${text.slice(0, 80)}`);
    tally.answered(instanceOf(answer), startedMs);
    if (tally.goodAnswers === 1) process.send?.('ready');
  } catch (error) {
    tally.failed(`${what}: ${textOf(error)}`);
  }
}

async function listen(): Promise<void> {
  tally.streamBegan();
  let text = '';
  try {
    const answer = await get(`/_sandbox/stream?seconds=${streamSeconds}`);
    for await (const chunk of answer.body) text += String(chunk);
    if (answer.statusCode !== 200) tally.streamCut(`stream: ${answer.statusCode}`);
    else if (!text.trimEnd().endsWith('"done": true}'))
      tally.streamCut(`stream: ended early, after ${text.split('\n').length - 1} lines`);
  } catch (error) {
    tally.streamCut(`stream: ${textOf(error)}, after ${text.split('\n').length - 1} lines`);
  }
}

function get(path: string): Promise<Dispatcher.ResponseData> {
  return request(`${url}${path}`, { dispatcher, headersTimeout: patienceMs, bodyTimeout: patienceMs });
}

function post(path: string, body: unknown): Promise<Dispatcher.ResponseData> {
  const timeouts = { headersTimeout: patienceMs, bodyTimeout: patienceMs };
  return request(`${url}${path}`, { dispatcher, method: 'POST', body: JSON.stringify(body), ...timeouts });
}

function instanceOf({ headers }: Dispatcher.ResponseData): string {
  return String(headers['x-hermes-instance'] ?? 'nobody');
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string'
    ? `${error.message} (${error.code})`
    : error.message;
}

function begin(work: Promise<void>): void {
  const done = work.finally(() => underWay.delete(done));
  underWay.add(done);
}

let asked = 0;
let listened = 0;
/** As many as are due: a timer that fires late must not make the load lighter. */
const timer = setInterval(() => {
  const seconds = tally.nowMs() / 1000;
  for (; asked < seconds * Number(rate); asked += 1) begin(ask(asked));
  for (; listened < seconds * Number(streamRate); listened += 1) begin(listen());
}, tickMs);

process.once('message', () => {
  clearInterval(timer);
  const endedMs = tally.nowMs();
  void Promise.all(underWay).then(async () => {
    await dispatcher.destroy();
    process.send?.(tally.result(endedMs), () => process.disconnect());
  });
});
// The test is gone: nobody listens to the result.
process.once('disconnect', () => process.exit());
