import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';

export const autoscaleProcedure = defineProcedure({
  workflowType: 'autoscale',
  command: 'autoscale',
  title: 'Scale by load',
  runbook: 'Scaling Operations',
  summary:
    'Looks at CPU and latency, and scales the service when every look of the stack file’s window wanted it. Started by its schedule every minute: one look alone never scales.',
  changes: true,
  schema: v.strictObject({ ...commonFields }),
  example: { by: 'chris', dryRun: true },
});
