const tickMs = 10;

/**
 * Begins `act` so often a second until it is stopped. Stopping waits for all that is under way, and throws the first error
 * that one of them threw.
 */
export function atRate(
  perSecond: number,
  act: (n: number) => Promise<void>,
): { stop(this: void): Promise<void> } {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const startedMs = performance.now();
  let begun = 0;
  // As many as are due: a timer that fires late must not make the load lighter.
  const timer = setInterval(() => {
    const due = ((performance.now() - startedMs) / 1000) * perSecond;
    for (; begun < due; begun += 1) {
      const acted = act(begun)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => underWay.delete(acted));
      underWay.add(acted);
    }
  }, tickMs);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      if (failures.length > 0) throw failures[0];
    },
  };
}
