import { atRate } from '../../e2e/support/at-rate.ts';

/** What customers noticed. */
export interface Noticed {
  sent: number;
  failed: number;
  /** The longest time without a good answer, in seconds. */
  longestGapS: number;
}

/** Asks so often a second until told to stop. `ask` throws where there is no good answer. */
export function steadyLoad(
  perSecond: number,
  ask: (n: number) => Promise<void>,
): { stop(): Promise<Noticed> } {
  let [sent, failed, longestGapMs, lastGoodMs] = [0, 0, 0, performance.now()];
  const asking = atRate(perSecond, async (n) => {
    sent += 1;
    try {
      await ask(n);
      const nowMs = performance.now();
      longestGapMs = Math.max(longestGapMs, nowMs - lastGoodMs);
      lastGoodMs = nowMs;
    } catch {
      failed += 1;
    }
  });
  return {
    async stop() {
      await asking.stop();
      const sinceGoodMs = performance.now() - lastGoodMs;
      return { sent, failed, longestGapS: Math.max(longestGapMs, sinceGoodMs) / 1000 };
    },
  };
}
