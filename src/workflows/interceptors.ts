import type { WorkflowInterceptors } from '@temporalio/workflow';
import { currentTitle } from './steps/current-step.ts';

/** Puts the step's title on what the step schedules: it is all the text that the Web UI's timeline shows. */
export function interceptors(): WorkflowInterceptors {
  return {
    outbound: [
      {
        scheduleActivity(input, next) {
          const summary = input.options.summary ?? currentTitle();
          return next(summary === undefined ? input : { ...input, options: { ...input.options, summary } });
        },
        startChildWorkflowExecution(input, next) {
          const staticSummary = input.options.staticSummary ?? currentTitle();
          return next(
            staticSummary === undefined ? input : { ...input, options: { ...input.options, staticSummary } },
          );
        },
      },
    ],
  };
}
