import { Context } from '@temporalio/activity';
import { request } from 'undici';
import type { ContainerActivities } from '../contract/service.ts';
import { ownerOfLabels } from '../owner.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { problem } from '../../problem.ts';
import { engineCall, unlessGone } from './engine.ts';
import { removeContainer } from './job-container.ts';
import { findServiceContainers, type ServiceContainer } from './service-containers.ts';

const lookIntervalMs = 500;
const probeTimeoutMs = 2_000;

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

    async sweepJobContainers() {
      const ours = await engineCall('Looking for job containers', () =>
        docker.listContainers({ all: true, filters: { label: [`hermes-ops.stack=${stack.stack}`] } }),
      );
      const removed: string[] = [];
      for (const { Id, Names, Labels } of ours) {
        const owner = ownerOfLabels(Labels);
        if (owner === undefined || (await setting.isAlive(owner))) continue;
        await removeContainer(setting, Id);
        removed.push((Names[0] ?? Id).replace(/^\//, ''));
      }
      return { removed };
    },
  };
}

/**
 * Waits until the container answers `/health` itself. Docker's own check may look only every half minute, and it is
 * not the truth.
 */
async function untilServing(setting: Setting, id: string): Promise<void> {
  const { startWithinMs, port } = setting.stack.compose.services.api;
  const deadline = Date.now() + startWithinMs;
  for (;;) {
    const container = await look(setting, id);
    const address = container?.networks.find((network) => network.address !== '')?.address;
    if (container?.running === true && address !== undefined && (await answers(setting, address, port)))
      return;
    if (Date.now() > deadline) {
      throw problem('SmokeTestFailed', {
        what: `${container?.name ?? id} ${container?.running === true ? 'runs but does not answer' : 'does not run'} ${startWithinMs / 1000} s after its start.`,
      });
    }
    await Context.current().sleep(lookIntervalMs);
  }
}

async function answers({ stack }: Setting, address: string, port: number): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`http://${address}:${port}${stack.service.probes.health}`, {
      headersTimeout: probeTimeoutMs,
      signal: AbortSignal.timeout(probeTimeoutMs),
    });
    await body.dump();
    return statusCode < 500;
  } catch {
    return false;
  }
}

async function look(setting: Setting, id: string): Promise<ServiceContainer | undefined> {
  return (await findServiceContainers(setting, 'api')).find((container) => container.id === id);
}
