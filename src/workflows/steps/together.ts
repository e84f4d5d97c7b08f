/**
 * Waits for all of them, also when one fails, and then throws the first failure: a way back must not race a step that
 * still goes on.
 */
export async function together<T>(steps: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(steps);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}
