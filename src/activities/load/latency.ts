import { Context } from '@temporalio/activity';
import { askService } from '../service/http.ts';
import type { Setting } from '../setting.ts';

const sessionsAtOnce = 4;
const sessionsEach = 5;
const pauseMs = 200;
/** A session that takes longer counts as this long. */
const patienceMs = 4_000;
const fewestAnswers = 10;

/**
 * The latency below which 95 of 100 voice sessions through the proxy are answered, measured by twenty: the api's own
 * numbers are one worker's, of all time. Null when too few were answered to tell.
 */
export async function measureLatencyP95Ms(setting: Setting): Promise<number | null> {
  const token = await setting.secret(setting.stack.service.testToken);
  const durationsMs: number[] = [];
  await Promise.all(
    Array.from({ length: sessionsAtOnce }, async () => {
      for (let n = 0; n < sessionsEach; n += 1) {
        const durationMs = await sessionMs(setting, token);
        if (durationMs !== null) durationsMs.push(durationMs);
        await Context.current().sleep(pauseMs);
      }
    }),
  );
  return p95(durationsMs);
}

/** How long one took; null for an answer that says nothing of it, such as a refusal. */
async function sessionMs(setting: Setting, token: string): Promise<number | null> {
  const { status, durationMs } = await askService(setting, {
    method: 'POST',
    path: setting.stack.service.probes.smokeTest,
    token,
    json: { session_id: 'hermes-ops-latency' },
    timeoutMs: patienceMs,
  });
  if (status >= 200 && status < 300) return durationMs;
  return status === 0 && durationMs >= patienceMs ? patienceMs : null;
}

/** Null for fewer than ten values: of those nothing can be told. */
export function p95(values: readonly number[]): number | null {
  if (values.length < fewestAnswers) return null;
  const ordered = values.toSorted((a, b) => a - b);
  return ordered[Math.ceil(ordered.length * 0.95) - 1] ?? null;
}
