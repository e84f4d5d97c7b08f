import { Agent, request } from 'undici';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';

/** What customers noticed. */
export interface Noticed {
  sent: number;
  failed: number;
  /** The longest time without a good answer, in seconds. */
  longestGapS: number;
  p95Ms: number;
}

const patienceMs = 5_000;
const tickMs = 10;

/**
 * Customers who read and write matters, half and half, until told to stop. They ask the api's own port: nginx lets one
 * address have ten connections, and these stand for many.
 */
export function startCustomers(
  { apiUrl, secrets }: Sandbox,
  requestsPerSecond: number,
): { stop(): Promise<Noticed> } {
  const dispatcher = new Agent({ connections: 64 });
  const underWay = new Set<Promise<void>>();
  const answeredMs: number[] = [];
  const startedMs = performance.now();
  let [sent, failed, longestGapMs, lastGoodMs] = [0, 0, 0, startedMs];

  const ask = async (n: number): Promise<void> => {
    const askedMs = performance.now();
    const write = { method: 'POST' as const, body: JSON.stringify({ client_name: `Customer ${n}` }) };
    try {
      const { statusCode, body } = await request(`${apiUrl}/api/v1/matters`, {
        dispatcher,
        headers: { authorization: `Bearer ${secrets.testToken}` },
        headersTimeout: patienceMs,
        bodyTimeout: patienceMs,
        ...(n % 2 === 0 ? { method: 'GET' as const } : write),
      });
      await body.dump();
      if (statusCode >= 400) throw new Error(String(statusCode));
      const nowMs = performance.now();
      longestGapMs = Math.max(longestGapMs, nowMs - lastGoodMs);
      lastGoodMs = nowMs;
      answeredMs.push(nowMs - askedMs);
    } catch {
      failed += 1;
    }
  };
  // As many as are due: a timer that fires late must not make the load lighter.
  const timer = setInterval(() => {
    const due = ((performance.now() - startedMs) / 1000) * requestsPerSecond;
    for (; sent < due; sent += 1) {
      const asked = ask(sent).finally(() => underWay.delete(asked));
      underWay.add(asked);
    }
  }, tickMs);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      await dispatcher.destroy();
      const ordered = answeredMs.toSorted((a, b) => a - b);
      return {
        sent,
        failed,
        longestGapS: Math.max(longestGapMs, performance.now() - lastGoodMs) / 1000,
        p95Ms: ordered[Math.floor(ordered.length * 0.95)] ?? Number.NaN,
      };
    },
  };
}
