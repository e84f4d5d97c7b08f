import { join } from 'node:path';
import type { StackActivities } from '../contract/runs.ts';
import { currentOwner } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { notifyContact } from './notify.ts';
import { writeRecordFiles } from './record.ts';

/** The activities that give a workflow the stack's policy, tell people, and file records. */
export function createStackActivities(setting: Setting): StackActivities {
  const { stack, stateDirectory } = setting;
  return {
    async readPolicy() {
      const { hostnames, challenge, acmeServer, renewAtLifetimeLeft, warnBeforeMs } = stack.certificates;
      const { api, database } = stack.compose.services;
      const { undoWindowMs, keepUndoneForMs, fence, reconnectWithinMs } = stack.restore;
      return {
        stack: stack.stack,
        database: stack.database.name,
        services: { api: api.service, database: database.service },
        undoWindowMs,
        keepUndoneForMs,
        fence,
        reconnectWithinMs,
        forgetAfterRestore: stack.cache.forgetAfterRestore,
        watchMs: stack.scaling.watchMs,
        restartsPerHour: stack.scaling.restartsPerHour,
        approvals: stack.approvals,
        certificates: { hostnames, challenge, acmeServer, renewAtLifetimeLeft, warnBeforeMs },
      };
    },
    async notify(notice) {
      return { told: await notifyContact(setting, notice) };
    },
    async writeRecord(record) {
      const directory = stack.records.directory ?? join(stateDirectory, 'records');
      return { file: await writeRecordFiles(directory, currentOwner(stack.stack), record) };
    },
  };
}
