import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';

export const listBackupsProcedure = defineProcedure({
  workflowType: 'listBackups',
  command: 'list-backups',
  title: 'List the backups',
  runbook: 'Database Backup & Restore',
  summary: 'Lists the backups that there are, newest first, and says which cannot be used.',
  changes: false,
  schema: v.strictObject({ ...commonFields }),
  example: {},
});
