import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { StackLook } from '../../procedures/list-services.ts';
import { connectionsIn } from '../docker/connections.ts';
import type { Inspected } from '../docker/copy/copy-of.ts';
import { addressOf } from '../docker/serving.ts';
import { established, listening, type TcpConnection, unanswered } from '../docker/tcp-table.ts';
import { askService, type HttpAnswer } from '../service/http.ts';
import type { Setting } from '../setting.ts';
import { type Proxy, runningProxy } from './steer.ts';

const lookIntervalMs = 100;
const askedAtOnce = 4;
const lookWithinMs = 3_000;
const answerWithinMs = 5_000;
const slowAfterMs = 300;

type Front = NonNullable<StackLook['front']>;

export interface Asking {
  requests: number;
  /** Of `addresses`, those that the proxy has had a connection with. */
  reached: ReadonlySet<string>;
  /** Addresses that it tries to reach in vain. */
  inVain: ReadonlySet<string>;
  /** Of the last requests. */
  answers: HttpAnswer[];
}

interface AskedFor {
  addresses: ReadonlySet<string>;
  port: number;
  timeoutMs?: number;
}

/**
 * Asks for the health page through the proxy, again and again, and yields each time whom the proxy has asked so far:
 * that is read from the proxy's own connections, since nothing in an answer has to say it.
 */
export async function* askThrough(
  setting: Setting,
  proxy: Proxy,
  { addresses, port, timeoutMs }: AskedFor,
): AsyncGenerator<Asking> {
  const { health: path } = setting.stack.service.probes;
  const asked = timeoutMs === undefined ? { path } : { path, timeoutMs };
  // What has ended and is not forgotten yet tells of whom it asked before.
  const before = await connectionsIn(setting, proxy.id);
  const ended = new Set(before.filter(({ state }) => state !== established).map(endsOf));
  const reached = new Set<string>();
  const inVain = new Set<string>();
  const look = async (): Promise<void> => {
    for (const connection of await connectionsIn(setting, proxy.id)) {
      const { remoteAddress, remotePort, state } = connection;
      if (remotePort !== port || state === listening || ended.has(endsOf(connection))) continue;
      if (addresses.has(remoteAddress)) reached.add(remoteAddress);
      if (state === unanswered) inVain.add(remoteAddress);
    }
  };
  for (let requests = askedAtOnce; ; requests += askedAtOnce) {
    const asking = Promise.all(Array.from({ length: askedAtOnce }, () => askService(setting, asked)));
    // Whom it cannot reach shows only while it tries.
    const isSlow = await Promise.race([asking.then(() => false), sleep(slowAfterMs, true)]);
    if (isSlow) await look();
    const answers = await asking;
    await look();
    yield { requests, reached, inVain, answers };
    await Context.current().sleep(lookIntervalMs);
  }
}

function endsOf({ localPort, remoteAddress, remotePort }: TcpConnection): string {
  return `${localPort} ${remoteAddress} ${remotePort}`;
}

/** Which of these containers nginx asks at this moment, by their ids, and what customers get from it. */
export async function lookWhoIsAsked(
  setting: Setting,
  containers: readonly Inspected[],
): Promise<{ asked: Map<string, boolean>; front: StackLook['front'] }> {
  const asked = new Map<string, boolean>();
  const proxy = await runningProxy(setting);
  if (proxy === undefined) return { asked, front: null };
  const addresses = new Map(
    containers.flatMap((info) => {
      const address = info.State.Running ? addressOf(info, proxy.networks) : null;
      return address === null ? [] : [[address, info.Id] as const];
    }),
  );
  const path = setting.stack.service.probes.health;
  const front: Front = { requests: 0, failed: 0, path, failure: '', inVain: [] };
  const { port } = setting.stack.compose.services.api;
  const asking = { addresses: new Set(addresses.keys()), port, timeoutMs: answerWithinMs };
  const deadline = Date.now() + lookWithinMs;
  try {
    for await (const { requests, reached, inVain, answers } of askThrough(setting, proxy, asking)) {
      const bad = answers.filter(({ status }) => status === 0 || status >= 500);
      front.requests = requests;
      front.failed += bad.length;
      front.failure = bad.length === 0 ? front.failure : failureOf(bad[0]);
      front.inVain = [...inVain].filter((address) => !addresses.has(address));
      for (const [address, id] of addresses) asked.set(id, reached.has(address));
      if (reached.size === addresses.size || Date.now() > deadline) break;
    }
  } catch {
    // Where its connections cannot be read, nobody can say whom it asks: not even that it asks nobody.
    asked.clear();
  }
  return { asked, front };
}

function failureOf(answer: HttpAnswer | undefined): string {
  if (answer === undefined || answer.failure === undefined) return `status ${answer?.status ?? 0}`;
  return answer.durationMs >= answerWithinMs ? `no answer within ${answerWithinMs / 1000} s` : answer.failure;
}
