import * as v from 'valibot';
import { commonFields, defineProcedure } from './definition.ts';

export const restoreDatabaseProcedure = defineProcedure({
  workflowType: 'restoreDatabase',
  command: 'restore-database',
  title: 'Restore the database',
  runbook: 'Database Backup & Restore',
  summary:
    'Restores a backup beside the live database, checks it, swaps it in after an approval, and keeps the way back.',
  changes: true,
  schema: v.strictObject({
    ...commonFields,
    backup: v.pipe(
      v.string('a backup id, a time such as 2026-11-17T03:00Z, or "latest"'),
      v.trim(),
      v.minLength(1, 'a backup id, a time such as 2026-11-17T03:00Z, or "latest"'),
      v.maxLength(100, 'at most 100 characters'),
      v.description('Which backup: its id, a time ("the last one before 03:00Z"), or "latest".'),
    ),
    fence: v.optional(
      v.pipe(
        v.picklist(['none', 'read-only', 'stop'], '"none", "read-only" or "stop"'),
        v.description(
          'What happens to writes while it restores: none (they stay in the old database, counted), read-only, or stop the api.',
        ),
      ),
    ),
    undoWindow: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^\d+(?:\.\d+)?\s*(?:s|m|h|d)$/, 'a duration such as 90s, 30m, 24h or 2d'),
        v.description(
          'How long the old database is kept for a rollback. The stack file’s value where not given.',
        ),
      ),
    ),
  }),
  example: { backup: 'latest', by: 'chris', reason: 'matters deleted by mistake at 02:40' },
});
