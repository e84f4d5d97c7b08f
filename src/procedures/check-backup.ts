import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';
import { restoreDatabaseProcedure } from './restore-database.ts';

export const checkBackupProcedure = defineProcedure({
  workflowType: 'checkBackup',
  command: 'check-backup',
  title: 'Check a backup',
  runbook: 'Database Backup & Restore',
  summary: 'Reads a backup in full: manifest, checksum of every file, archive, rows of every table.',
  changes: false,
  schema: v.strictObject({ ...commonFields, backup: restoreDatabaseProcedure.schema.entries.backup }),
  example: { backup: 'latest' },
});
