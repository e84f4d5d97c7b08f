import type { Client } from '@temporalio/client';
import { describeRun, type RunView } from './describe-run.ts';

const lookIntervalMs = 500;

/** Yields the run each time it is looked at, twice a second, the last time when it has ended. */
export async function* followRun(
  client: Client,
  workflowId: string,
  { runId, signal }: { runId?: string; signal?: AbortSignal } = {},
): AsyncGenerator<RunView> {
  for (;;) {
    const view = await describeRun(client, workflowId, runId);
    yield view;
    if (view.state !== 'RUNNING' || isAborted(signal)) return;
    await pause(lookIntervalMs, signal);
    if (isAborted(signal)) return;
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function pause(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, durationMs);
    signal?.addEventListener('abort', done, { once: true });
  });
}
