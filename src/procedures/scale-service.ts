import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';
import { serviceField } from './service-field.ts';

const expected = 'a whole number from 1 to 100, not quoted';

export const scaleServiceProcedure = defineProcedure({
  workflowType: 'scaleService',
  command: 'scale-service',
  title: 'Scale a service',
  runbook: 'Scaling Operations',
  summary:
    'Makes it so many containers as asked for: new ones answer before nginx asks them, old ones are drained before they go.',
  changes: true,
  schema: v.strictObject({
    ...commonFields,
    service: serviceField,
    replicas: v.pipe(
      v.number(expected),
      v.integer(expected),
      v.minValue(1, expected),
      v.maxValue(100, expected),
      v.description('How many containers of the service there shall be.'),
    ),
  }),
  example: { service: 'api', replicas: 3, by: 'chris', reason: 'CPU above 80 % since 14:00' },
});
