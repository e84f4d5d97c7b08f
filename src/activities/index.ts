import { createBackupsActivities } from './backups/activities.ts';
import { createCacheActivities } from './cache/activities.ts';
import { createCertificatesActivities } from './certificates/activities.ts';
import { createDatabaseActivities } from './database/activities.ts';
import { createContainerActivities } from './docker/activities.ts';
import { createStackActivities } from './people/activities.ts';
import { createRunsActivities } from './runs/activities.ts';
import { createServiceActivities } from './service/activities.ts';
import type { Setting } from './setting.ts';

/** Every activity that the worker serves. */
export function createActivities(setting: Setting) {
  return {
    ...createStackActivities(setting),
    ...createRunsActivities(setting),
    ...createBackupsActivities(setting),
    ...createCacheActivities(setting),
    ...createCertificatesActivities(setting),
    ...createDatabaseActivities(setting),
    ...createContainerActivities(setting),
    ...createServiceActivities(setting),
  };
}
