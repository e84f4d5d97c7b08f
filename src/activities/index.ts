import { createBackupsActivities } from './backups/activities.ts';
import { createCacheActivities } from './cache/activities.ts';
import { createCertificatesActivities } from './certificates/activities.ts';
import { createDatabaseActivities } from './database/activities.ts';
import { createContainerActivities } from './docker/activities.ts';
import { createLimitActivities } from './docker/limits.ts';
import { createServiceContainerActivities } from './docker/service-activities.ts';
import { createStackLookActivities } from './docker/stack-look.ts';
import { createLoadActivities } from './load/activities.ts';
import { createStackActivities } from './people/activities.ts';
import { createProxyActivities } from './proxy/activities.ts';
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
    ...createLimitActivities(setting),
    ...createLoadActivities(setting),
    ...createServiceActivities(setting),
    ...createServiceContainerActivities(setting),
    ...createStackLookActivities(setting),
    ...createProxyActivities(setting),
  };
}
