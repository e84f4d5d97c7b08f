import { Context } from '@temporalio/activity';

/** What a long activity says of itself while it runs: shown by `follow` and on the Web UI's pending activities. */
export interface Progress {
  text: string;
  /** 0 to 1, where known. */
  fraction?: number;
}

const latest = new WeakMap<Context, Progress>();

/** Says how far the current activity is. Cheap; may be called often. */
export function reportProgress(text: string, fraction?: number): void {
  const context = Context.current();
  const progress: Progress =
    fraction === undefined ? { text } : { text, fraction: Math.min(1, Math.max(0, fraction)) };
  latest.set(context, progress);
  context.heartbeat(progress);
}

/** The last progress that the activity of `context` reported. */
export function lastProgress(context: Context): Progress | undefined {
  return latest.get(context);
}
