import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../environment.ts';

const timeoutMs = 4000;
const pollers = /^temporal_num_pollers\{[^}]*\} ([\d.eE+-]+)$/gm;

/**
 * Why the worker that serves these metrics is not healthy, in words; undefined when it is: it answers, and asks
 * Temporal for work.
 */
export async function unhealthyBecause(metricsAddress: string | undefined): Promise<string | undefined> {
  if (metricsAddress === undefined) return 'METRICS_ADDRESS is off: nothing says how the worker is.';
  const url = `http://${reachable(metricsAddress)}/metrics`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!answer.ok) return `${url} answered ${answer.status}.`;
    return asksForWork(await answer.text()) ? undefined : 'The worker does not ask Temporal for work.';
  } catch (error) {
    const { cause } = error instanceof Error ? error : new Error(String(error));
    return `${url} does not answer: ${cause instanceof Error ? cause.message : String(error)}.`;
  }
}

/** Whether metrics in Prometheus's format count at least one open question for work. */
export function asksForWork(metrics: string): boolean {
  return [...metrics.matchAll(pollers)].some(([, count]) => Number(count) > 0);
}

/** What listens on every address is asked on this machine's own. */
function reachable(metricsAddress: string): string {
  return metricsAddress.replace(/^(?:0\.0\.0\.0|\[::\])(?=:)/, '127.0.0.1');
}

// The container's health check runs this file by itself: it loads nothing of the worker, and ends within a second.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const reason = await unhealthyBecause(readEnvironment().metricsAddress);
  process.stdout.write(`${reason ?? 'Serving.'}\n`);
  process.exitCode = reason === undefined ? 0 : 1;
}
