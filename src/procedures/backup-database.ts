import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';

export const backupDatabaseProcedure = defineProcedure({
  workflowType: 'backupDatabase',
  command: 'backup-database',
  title: 'Back up the database',
  runbook: 'Database Backup & Restore',
  summary: 'Dumps the database, reads the dump back, and only then calls it a backup.',
  changes: true,
  schema: v.strictObject({
    ...commonFields,
    kind: v.optional(
      v.pipe(
        v.picklist(['manual', 'scheduled'], '"manual" or "scheduled"'),
        v.description('What started it. The schedule says "scheduled".'),
      ),
      'manual',
    ),
  }),
  scheduledInput: { kind: 'scheduled' },
  example: { by: 'chris', reason: 'before the 2.4 migration' },
});
