import * as v from 'valibot';
import type { Recommendation } from '../../scaling/decide.ts';

/** What one look of autoscaling hands to the next. */
export interface AutoscaleMemory {
  recommendations: Recommendation[];
  /** Until then no person is asked, and nothing is tried again: somebody said no, or it failed. 0 for never. */
  heldUntilMs: number;
}

const resultSchema = v.object({
  report: v.object({
    memory: v.object({
      recommendations: v.array(v.object({ atMs: v.number(), replicas: v.number() })),
      heldUntilMs: v.number(),
    }),
  }),
});

/**
 * What the look before remembered. `lastResult` is the result of the schedule's last run, which Temporal keeps and gives
 * to the next one; there is none for a run that a person started.
 */
export function memoryOf(lastResult: unknown): AutoscaleMemory {
  const parsed = v.safeParse(resultSchema, lastResult);
  return parsed.success ? parsed.output.report.memory : { recommendations: [], heldUntilMs: 0 };
}
