import * as v from 'valibot';
import { wholeNumber, yesOrNo } from './field.ts';
import { serviceName } from './names.ts';
import { duration } from './quantity.ts';

const targets = v.pipe(
  v.strictObject({
    cpu: v.optional(
      v.pipe(
        v.number(),
        v.minValue(0.05, 'a share from 0.05 to 1, where 0.6 is 60 %'),
        v.maxValue(1, 'a share from 0.05 to 1, where 0.6 is 60 %'),
        v.description('The share of its CPUs that a container should use.'),
      ),
    ),
    latencyP95Ms: v.optional(
      v.pipe(
        v.number(),
        v.minValue(1, 'milliseconds, from 1 to 600000'),
        v.maxValue(600_000, 'milliseconds, from 1 to 600000'),
        v.description('What 95 of 100 voice sessions through the proxy should be answered within.'),
      ),
    ),
  }),
  v.check(
    ({ cpu, latencyP95Ms }) => cpu !== undefined || latencyP95Ms !== undefined,
    'cpu, latencyP95Ms, or both: the one that wants more decides',
  ),
  v.description('The values to hold. Of two, the one that wants more containers decides.'),
);

/** Scaling without a person. Off unless a person turns it on. */
export const autoscaling = v.pipe(
  v.strictObject({
    enabled: v.optional(yesOrNo('Off, only people scale.'), false),
    service: v.optional(
      v.pipe(serviceName, v.description('What is scaled, by its name in the compose file.')),
      'api',
    ),
    minimum: v.optional(wholeNumber('Never fewer containers than this.', 1, 100), 1),
    maximum: v.optional(wholeNumber('Never more containers than this.', 1, 100), 3),
    askAbove: v.optional(wholeNumber('Beyond so many containers a person is asked.', 1, 100), 3),
    targets: v.optional(targets, { cpu: 0.6 }),
    tolerance: v.optional(
      v.pipe(
        v.number(),
        v.minValue(0, 'a share from 0 to 0.5, where 0.1 is 10 %'),
        v.maxValue(0.5, 'a share from 0 to 0.5, where 0.1 is 10 %'),
        v.description('A value this near to its target changes nothing.'),
      ),
      0.1,
    ),
    scaleOutAfter: v.optional(duration('Every look for so long must want more containers.'), '3m'),
    scaleInAfter: v.optional(duration('Every look for so long must want fewer containers.'), '10m'),
  }),
  v.description('Scaling without a person, by a look every minute. Off by default.'),
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
