import * as v from 'valibot';
import { duration } from './quantity.ts';

const schedule = (cron: string, enabled: boolean, jitter = '10m', catchUp = '6h') =>
  v.optional(
    v.pipe(
      v.strictObject({
        enabled: v.optional(v.boolean(), enabled),
        cron: v.optional(
          v.pipe(v.string(), v.regex(/^\S+(?:\s+\S+){4}$/, 'five fields: minute hour day month weekday')),
          cron,
        ),
        timezone: v.optional(v.string(), 'UTC'),
        jitter: v.optional(duration, jitter),
        catchUp: v.optional(duration, catchUp),
      }),
      v.transform(({ jitter: jitterMs, catchUp: catchUpMs, ...rest }) => ({ ...rest, jitterMs, catchUpMs })),
    ),
    {},
  );

/** When procedures start by themselves. Times are in the given timezone. */
export const schedules = v.strictObject({
  'backup-database': schedule('0 2 * * *', true),
  'sweep-leftovers': schedule('30 4 * * *', true),
  'renew-certificate': schedule('17 3 * * *', true, '30m', '24h'),
});

/** Off unless a person turns it on. */
export const autoscaling = v.pipe(
  v.strictObject({
    enabled: v.optional(v.boolean(), false),
    minimum: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
    maximum: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 3),
    metric: v.optional(v.picklist(['cpu', 'voiceLatencyP95Ms']), 'cpu'),
    target: v.optional(v.number(), 0.6),
    askAbove: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 3),
    scaleOutAfter: v.optional(duration, '3m'),
    scaleInAfter: v.optional(duration, '10m'),
  }),
  v.transform(({ scaleOutAfter, scaleInAfter, ...rest }) => ({
    ...rest,
    scaleOutAfterMs: scaleOutAfter,
    scaleInAfterMs: scaleInAfter,
  })),
);
