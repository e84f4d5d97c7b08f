import { Context } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { lastProgress } from '../activities/progress.ts';

const intervalMs = 1000;

/**
 * Heartbeats for every activity while it runs, with the progress that it last reported. A dead worker is noticed
 * within seconds whatever the step, and a cancellation reaches every step.
 */
export const heartbeats: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next) {
      const context = Context.current();
      const beat = (): void => context.heartbeat(lastProgress(context));
      const timer = setInterval(beat, intervalMs);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  },
});
