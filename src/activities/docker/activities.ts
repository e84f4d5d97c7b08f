import { Context } from '@temporalio/activity';
import type { ContainerActivities } from '../contract/service.ts';
import { ownerOfLabels, runKey } from '../owner.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { problem } from '../../problem.ts';
import { engineCall, unlessGone } from './engine.ts';
import { removeContainer } from './job-container.ts';
import { findServiceContainers, type ServiceContainer } from './service-containers.ts';

const lookIntervalMs = 500;

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
        await untilServing(setting, id);
      }
      return { restarted };
    },

    async stopApi() {
      const stopped: string[] = [];
      for (const { id, name } of await findServiceContainers(setting, 'api')) {
        reportProgress(`Stopping ${name}`);
        await engineCall(`Stopping ${name}`, () =>
          unlessGone(() => docker.getContainer(id).stop({ t: graceSeconds })),
        );
        stopped.push(name);
      }
      return { stopped };
    },

    async startApi() {
      const started: string[] = [];
      for (const { id, name } of await findServiceContainers(setting, 'api')) {
        reportProgress(`Starting ${name}`);
        await engineCall(`Starting ${name}`, () => unlessGone(() => docker.getContainer(id).start()));
        started.push(name);
        await untilServing(setting, id);
      }
      return { started };
    },

    async sweepJobContainers({ livingRuns }) {
      const living = new Set(livingRuns);
      const ours = await engineCall('Looking for job containers', () =>
        docker.listContainers({ all: true, filters: { label: [`hermes-ops.stack=${stack.stack}`] } }),
      );
      const removed: string[] = [];
      for (const { Id, Names, Labels } of ours) {
        const owner = ownerOfLabels(Labels);
        if (owner === undefined || living.has(runKey(owner))) continue;
        await removeContainer(setting, Id);
        removed.push((Names[0] ?? Id).replace(/^\//, ''));
      }
      return { removed };
    },
  };
}

/** Waits until the container runs and, where it has a check of its health, is healthy. */
async function untilServing(setting: Setting, id: string): Promise<void> {
  const { startWithinMs } = setting.stack.compose.services.api;
  const deadline = Date.now() + startWithinMs;
  for (;;) {
    const container = await look(setting, id);
    if (container?.running === true && (container.health === undefined || container.health === 'healthy'))
      return;
    if (Date.now() > deadline) {
      throw problem('SmokeTestFailed', {
        what: `${container?.name ?? id} is ${container?.health ?? 'not running'} ${startWithinMs / 1000} s after its start.`,
      });
    }
    await Context.current().sleep(lookIntervalMs);
  }
}

async function look(setting: Setting, id: string): Promise<ServiceContainer | undefined> {
  return (await findServiceContainers(setting, 'api')).find((container) => container.id === id);
}
