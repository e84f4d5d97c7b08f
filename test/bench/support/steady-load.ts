/** What customers noticed. */
export interface Noticed {
  sent: number;
  failed: number;
  /** The longest time without a good answer, in seconds. */
  longestGapS: number;
}

const tickMs = 10;

/** Asks so often a second until told to stop. `ask` throws where there is no good answer. */
export function steadyLoad(
  perSecond: number,
  ask: (n: number) => Promise<void>,
): { stop(): Promise<Noticed> } {
  const underWay = new Set<Promise<void>>();
  const startedMs = performance.now();
  let [sent, failed, longestGapMs, lastGoodMs] = [0, 0, 0, startedMs];

  const askOnce = async (n: number): Promise<void> => {
    try {
      await ask(n);
      const nowMs = performance.now();
      longestGapMs = Math.max(longestGapMs, nowMs - lastGoodMs);
      lastGoodMs = nowMs;
    } catch {
      failed += 1;
    }
  };
  // As many as are due: a timer that fires late must not make the load lighter.
  const timer = setInterval(() => {
    const due = ((performance.now() - startedMs) / 1000) * perSecond;
    for (; sent < due; sent += 1) {
      const asked = askOnce(sent).finally(() => underWay.delete(asked));
      underWay.add(asked);
    }
  }, tickMs);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      const sinceGoodMs = performance.now() - lastGoodMs;
      return { sent, failed, longestGapS: Math.max(longestGapMs, sinceGoodMs) / 1000 };
    },
  };
}
