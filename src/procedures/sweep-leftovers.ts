import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';

export const sweepLeftoversProcedure = defineProcedure({
  workflowType: 'sweepLeftovers',
  command: 'sweep-leftovers',
  title: 'Sweep up what ended runs left behind',
  runbook: 'Database Backup & Restore',
  summary:
    'Removes containers, databases and partial files of runs that are over. Never what is live or kept for an undo.',
  changes: true,
  schema: v.strictObject({ ...commonFields }),
  example: { by: 'chris' },
});
