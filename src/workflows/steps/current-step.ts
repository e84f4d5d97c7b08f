import { AsyncLocalStorage } from '@temporalio/workflow';

const titles = new AsyncLocalStorage<string>();

/** Runs `act` under a title, which the interceptor puts on every activity, timer and child that it starts. */
export function underTitle<T>(title: string, act: () => T): T {
  return titles.run(title, act);
}

export function currentTitle(): string | undefined {
  return titles.getStore();
}
