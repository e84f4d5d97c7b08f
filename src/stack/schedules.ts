import * as v from 'valibot';
import { isCron } from './cron.ts';
import { amount, wholeNumber, yesOrNo } from './field.ts';
import { duration } from './quantity.ts';

const schedule = (about: string, cron: string, enabled: boolean, jitter = '10m', catchUp = '6h') =>
  v.optional(
    v.pipe(
      v.strictObject({
        enabled: v.optional(yesOrNo('Off, it starts only when a person starts it.'), enabled),
        cron: v.optional(
          v.pipe(
            v.string(),
            v.check(isCron, 'five fields: minute hour day month weekday, such as 0 2 * * *'),
            v.description('When: minute hour day month weekday.'),
          ),
          cron,
        ),
        timezone: v.optional(
          v.pipe(
            v.string(),
            v.check(isTimezone, 'a time zone such as UTC or America/New_York'),
            v.description('The time zone of cron.'),
          ),
          'UTC',
        ),
        jitter: v.optional(
          duration('It starts up to this much later, so that not all start at once.'),
          jitter,
        ),
        catchUp: v.optional(
          duration('A start that was missed is made up for so long.', { shortestMs: 10_000 }),
          catchUp,
        ),
      }),
      v.description(about),
      v.transform(({ jitter: jitterMs, catchUp: catchUpMs, ...rest }) => ({ ...rest, jitterMs, catchUpMs })),
    ),
    {},
  );

/** When procedures start by themselves. Times are in the given timezone. */
export const schedules = v.pipe(
  v.strictObject({
    'backup-database': schedule('A backup, read back.', '0 2 * * *', true),
    'sweep-leftovers': schedule('Removes what no living run owns any more.', '30 4 * * *', true),
    'renew-certificate': schedule(
      'Looks at the certificate; renews it when due.',
      '17 3 * * *',
      true,
      '30m',
      '24h',
    ),
  }),
  v.description('What starts by itself, and when.'),
);

/** Off unless a person turns it on. */
export const autoscaling = v.pipe(
  v.strictObject({
    enabled: v.optional(yesOrNo('Off, only people scale.'), false),
    minimum: v.optional(wholeNumber('Never fewer api containers than this.', 1, 100), 1),
    maximum: v.optional(wholeNumber('Never more api containers than this.', 1, 100), 3),
    metric: v.optional(
      v.pipe(v.picklist(['cpu', 'voiceLatencyP95Ms']), v.description('What is held near the target.')),
      'cpu',
    ),
    target: v.optional(amount('The value to hold: a share of its CPUs, or milliseconds.'), 0.6),
    askAbove: v.optional(wholeNumber('Beyond so many containers a person is asked.', 1, 100), 3),
    scaleOutAfter: v.optional(duration('The value must be above the target for so long.'), '3m'),
    scaleInAfter: v.optional(duration('The value must be below the target for so long.'), '10m'),
  }),
  v.description('Scaling by itself. Off by default.'),
  v.forward(
    v.check((bounds) => bounds.minimum <= bounds.maximum, 'a number not below minimum'),
    ['maximum'],
  ),
  v.transform(({ scaleOutAfter, scaleInAfter, ...rest }) => ({
    ...rest,
    scaleOutAfterMs: scaleOutAfter,
    scaleInAfterMs: scaleInAfter,
  })),
);

/** Names only: an offset such as +02:00 is known to some systems and not to Temporal's server. */
function isTimezone(name: string): boolean {
  if (!/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
