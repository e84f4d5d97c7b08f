import { setTimeout as pause } from 'node:timers/promises';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';
import { sandboxClient } from '../../e2e/support/sandbox-client.ts';

const lookIntervalMs = 50;
const patienceMs = 180_000;
const busyMs = 20;
const askedAtOnce = 8;

/** Waits until so many containers have answered customers through nginx, since the call. */
export async function untilAllAnswer(sandbox: Sandbox, containers: number): Promise<void> {
  const client = await sandboxClient(sandbox);
  const seen = new Set<string>();
  const deadlineMs = Date.now() + patienceMs;
  try {
    while (seen.size < containers) {
      if (Date.now() > deadlineMs) throw new Error(`${seen.size} of ${containers} answer`);
      const answer = await client.ask('/health').catch(() => undefined);
      if (answer?.status === 200) seen.add(String(answer.headers['x-hermes-instance']));
      else await pause(lookIntervalMs);
    }
  } finally {
    await client.close();
  }
}

/** Milliseconds for each answer of a route that keeps a CPU busy for 20 ms, with eight customers at once. */
export async function busyAnswerMs(sandbox: Sandbox, forMs: number): Promise<number> {
  const client = await sandboxClient(sandbox);
  const startedMs = performance.now();
  let answers = 0;
  const ask = async (): Promise<void> => {
    while (performance.now() - startedMs < forMs) {
      const { status } = await client.ask(`/api/v1/work?ms=${busyMs}`);
      if (status === 200) answers += 1;
    }
  };
  await Promise.all(Array.from({ length: askedAtOnce }, ask));
  const tookMs = performance.now() - startedMs;
  await client.close();
  return tookMs / answers;
}
