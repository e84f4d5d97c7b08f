import * as v from 'valibot';
import { isCron } from './cron.ts';
import { yesOrNo } from './field.ts';
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

/** Names only: an offset such as +02:00 is known to some systems and not to Temporal's server. */
function isTimezone(name: string): boolean {
  if (!/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
