import Docker from 'dockerode';
import { createBackupsActivities } from '../../../src/activities/backups/activities.ts';
import { settingOf } from './compose-project.ts';
import { attemptOf } from './run.ts';

// One attempt at a dump in a process of its own, which a test may kill: `dump-process.ts NAME DIRECTORY STACK RUN BACKUP`.
const [name = '', directory = '', stackFile = '{}', runId = '', backupId = ''] = process.argv.slice(2);

const setting = settingOf(new Docker(), name, directory, JSON.parse(stackFile));
const { dumpDatabase } = createBackupsActivities(setting);
await attemptOf({ runId, workflowId: backupId }).do(() =>
  dumpDatabase({ backupId, kind: 'manual', by: 'test', reason: 'test' }),
);
