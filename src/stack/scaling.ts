import * as v from 'valibot';
import { wholeNumber } from './field.ts';
import { duration } from './quantity.ts';

/** How containers are added, taken away and restarted while customers are served. */
export const scaling = v.pipe(
  v.strictObject({
    watch: v.optional(duration('New containers are watched for so long before a scaling is done.'), '30s'),
    drainWithin: v.optional(
      duration('What is under way in a container may take so long before it is stopped.'),
      '60s',
    ),
    restartsPerHour: v.optional(
      wholeNumber('After so many restarts of a service within an hour, a person is asked.', 1, 100),
      3,
    ),
  }),
  v.description('Adding, removing and restarting containers while customers are served.'),
  v.transform(({ watch, drainWithin, restartsPerHour }) => ({
    watchMs: watch,
    drainWithinMs: drainWithin,
    restartsPerHour,
  })),
);
