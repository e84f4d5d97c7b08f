import type { DatabaseActivities } from '../contract/database.ts';
import type { Setting } from '../setting.ts';
import { checkpointDatabase } from './checkpoint.ts';
import { fenceWrites, liftFence } from './fence.ts';
import { confirmRestorePlan, planRestore } from './plan-restore.ts';
import { restoreBeside } from './restore-beside.ts';
import { countWritesSinceSwap, swapBack, swapDatabases, undoSwap } from './swap.ts';
import { discardShadow, dropDatabase, sweepDatabases } from './sweep.ts';
import { verifyShadow } from './verify-shadow.ts';

/** The activities on the stack's PostgreSQL. */
export function createDatabaseActivities(setting: Setting): DatabaseActivities {
  return {
    planRestore: (request) => planRestore(setting, request),
    confirmRestorePlan: (request) => confirmRestorePlan(setting, request),
    checkpointDatabase: () => checkpointDatabase(setting),
    fenceWrites: ({ database }) => fenceWrites(setting, database),
    liftFence: ({ database }) => liftFence(setting, database),
    restoreBeside: (request) => restoreBeside(setting, request),
    discardShadow: () => discardShadow(setting),
    verifyShadow: (request) => verifyShadow(setting, request),
    swapDatabases: (request) => swapDatabases(setting, request),
    swapBack: (request) => swapBack(setting, request),
    undoSwap: (request) => undoSwap(setting, request),
    countWritesSinceSwap: ({ swap }) => countWritesSinceSwap(setting, swap),
    dropDatabase: ({ database }) => dropDatabase(setting, database),
    sweepDatabases: () => sweepDatabases(setting),
  };
}
