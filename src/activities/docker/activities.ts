import type { ContainerActivities } from '../contract/service.ts';
import { ownerOfLabels } from '../owner.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { engineCall } from './engine.ts';
import { removeContainer } from './job-container.ts';
import { findServiceContainers } from './service-containers.ts';
import { untilServing } from './serving.ts';
import { serviceLabel } from './standing.ts';
import { startRole, stopRole } from './stop-start.ts';

/** The activities that start, stop and remove containers. */
export function createContainerActivities(setting: Setting): ContainerActivities {
  const { docker, stack } = setting;
  const { api } = stack.compose.services;
  const graceSeconds = Math.ceil(api.stopGraceMs / 1000);
  return {
    async restartApi({ before }) {
      const restarted: string[] = [];
      for (const { id, name, startedAt } of await findServiceContainers(setting, 'api')) {
        // One that an earlier attempt restarted is waited for, not restarted again.
        if (Date.parse(startedAt) < Date.parse(before)) {
          reportProgress(`Restarting ${name}`);
          await engineCall(`Restarting ${name}`, () => docker.getContainer(id).restart({ t: graceSeconds }));
          restarted.push(name);
        }
        await untilServing(setting, 'api', id);
      }
      return { restarted };
    },

    stopApi: async () => ({ stopped: await stopRole(setting, 'api') }),
    startApi: async () => ({
      started: await startRole(setting, 'api', (id) => untilServing(setting, 'api', id)),
    }),

    async sweepJobContainers() {
      const ours = await engineCall('Looking for job containers', () =>
        docker.listContainers({ all: true, filters: { label: [`hermes-ops.stack=${stack.stack}`] } }),
      );
      const removed: string[] = [];
      for (const { Id, Names, Labels } of ours) {
        const owner = ownerOfLabels(Labels);
        // Copies of a service may carry traffic: settleEndedRuns takes them out of it first.
        if (owner === undefined || Labels[serviceLabel] !== undefined) continue;
        if (await setting.isAlive(owner)) continue;
        await removeContainer(setting, Id);
        removed.push((Names[0] ?? Id).replace(/^\//, ''));
      }
      return { removed };
    },
  };
}
