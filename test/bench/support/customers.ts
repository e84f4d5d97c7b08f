import { Agent, request } from 'undici';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';
import { type Noticed as Steady, steadyLoad } from './steady-load.ts';

export interface Noticed extends Steady {
  p95Ms: number;
}

const patienceMs = 5_000;

/**
 * Customers who read and write matters, half and half, until told to stop. They ask the api's own port: nginx lets one
 * address have ten connections, and these stand for many.
 */
export function startCustomers(
  { apiUrl, secrets }: Sandbox,
  requestsPerSecond: number,
): { stop(): Promise<Noticed> } {
  const dispatcher = new Agent({ connections: 64 });
  const answeredMs: number[] = [];
  const load = steadyLoad(requestsPerSecond, async (n) => {
    const askedMs = performance.now();
    const write = { method: 'POST' as const, body: JSON.stringify({ client_name: `Customer ${n}` }) };
    const { statusCode, body } = await request(`${apiUrl}/api/v1/matters`, {
      dispatcher,
      headers: { authorization: `Bearer ${secrets.testToken}` },
      headersTimeout: patienceMs,
      bodyTimeout: patienceMs,
      ...(n % 2 === 0 ? { method: 'GET' as const } : write),
    });
    await body.dump();
    if (statusCode >= 400) throw new Error(String(statusCode));
    answeredMs.push(performance.now() - askedMs);
  });

  return {
    async stop() {
      const noticed = await load.stop();
      await dispatcher.destroy();
      const ordered = answeredMs.toSorted((a, b) => a - b);
      return { ...noticed, p95Ms: ordered[Math.floor(ordered.length * 0.95)] ?? Number.NaN };
    },
  };
}
