import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';
import type { TrafficResult } from './traffic-tally.ts';

export type { TrafficResult } from './traffic-tally.ts';

export interface Traffic {
  /** Sends no more, waits for what is under way (a stream takes 6 s), and says what came of it. */
  stop(): Promise<TrafficResult>;
}

export interface TrafficOptions {
  /** Each over a connection of its own, as a webhook's sender. Half of them POST. */
  requestsPerSecond?: number;
  /** Over HTTP/2 connections that are kept, as browsers do. Half of them POST. */
  keptRequestsPerSecond?: number;
  /** Each of 6 s. */
  streamsPerSecond?: number;
}

/** What two busy cores can carry beside everything else. */
export const bearableLoad: TrafficOptions = {
  requestsPerSecond: 20,
  keptRequestsPerSecond: 40,
  streamsPerSecond: 1,
};

const program = fileURLToPath(new URL('traffic-process.ts', import.meta.url));
const loader = fileURLToPath(new URL('register-typescript.mjs', import.meta.url));

/**
 * Customers who ask through nginx's published port, with its certificate checked, from a process of their own.
 * Resolves when the first of them was answered.
 */
export async function startTraffic(
  { baseUrl, serverName, caFile }: Pick<Sandbox, 'baseUrl' | 'serverName' | 'caFile'>,
  { requestsPerSecond = 20, keptRequestsPerSecond = 20, streamsPerSecond = 2 }: TrafficOptions = {},
): Promise<Traffic> {
  const rates = [requestsPerSecond, keptRequestsPerSecond, streamsPerSecond].map(String);
  const child = fork(program, [baseUrl, serverName, caFile, ...rates], { execArgv: ['--import', loader] });
  await message(child, 'ready');
  return {
    async stop() {
      const result = message(child, 'result');
      child.send('stop');
      return (await result) as TrafficResult;
    },
  };
}

function message(child: ChildProcess, wanted: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onEnd = (code: number | null): void =>
      reject(new Error(`The traffic ended with ${code} before its ${wanted}.`));
    child.once('exit', onEnd);
    child.once('message', (said) => {
      child.off('exit', onEnd);
      resolve(said);
    });
  });
}
