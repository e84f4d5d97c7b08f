import { Context } from '@temporalio/activity';
import { problem } from '../../problem.ts';
import type { Restarted, ServiceContainerActivities } from '../contract/containers.ts';
import { currentOwner } from '../owner.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { announceReplicaOf, nameReplica, removeOurs, startBridgeOf, startReplicaOf } from './copies.ts';
import { drained } from './drain.ts';
import { checkReplacementOf, forgetFormerOf, replaceInPlace } from './replace.ts';
import { type InPlace, restartInPlace, startContainer } from './restart.ts';
import { roleOf } from './roles.ts';
import { lookAt, proxyNetworks, seen } from './service-look.ts';
import { recordAsked } from './service-record.ts';
import { failed, inspectContainer, isServing } from './serving.ts';
import { settle } from './settle.ts';
import { nameOf } from './standing.ts';

const lookIntervalMs = 500;
const badInARow = 3;

/** The activities on the containers of a service: copies, restarts, replicas. */
export function createServiceContainerActivities(setting: Setting): ServiceContainerActivities {
  const role = (service: string) => roleOf(setting, service);
  const restarted = async (service: string, { container, ...stopped }: InPlace): Promise<Restarted> => ({
    container: await seen(setting, role(service), container, await proxyNetworks(setting)),
    ...stopped,
  });
  return {
    lookAtService: ({ service }) => lookAt(setting, service),

    async startBridge({ service, id }) {
      const info = await startBridgeOf(setting, role(service), id);
      return seen(setting, role(service), info, await proxyNetworks(setting));
    },

    async startReplica({ service, ...request }) {
      const info = await startReplicaOf(setting, role(service), request);
      return seen(setting, role(service), info, await proxyNetworks(setting));
    },

    async announceReplica({ service, ...request }) {
      const info = await announceReplicaOf(setting, role(service), request);
      return seen(setting, role(service), info, await proxyNetworks(setting));
    },

    async keepReplicas({ service, replicas, asked, by }) {
      const names: string[] = [];
      for (const { id, number } of replicas) names.push(await nameReplica(setting, id, number));
      await recordAsked(setting, service, { replicas: asked, at: new Date().toISOString(), by });
      return { names };
    },

    async watchContainers({ service, ids, forMs }) {
      const deadline = Date.now() + forMs;
      const bad = new Map<string, number>();
      for (let looks = 1; ; looks += 1) {
        for (const id of ids) {
          const isGood = await goodLook(setting, service, id);
          bad.set(id, isGood ? 0 : (bad.get(id) ?? 0) + 1);
          if ((bad.get(id) ?? 0) >= badInARow) await failWith(setting, id);
        }
        const leftMs = deadline - Date.now();
        if (leftMs <= 0) return { looks };
        reportProgress(`All answer; watched for ${Math.ceil(leftMs / 1000)} s more`, 1 - leftMs / forMs);
        await Context.current().sleep(Math.min(lookIntervalMs, leftMs));
      }
    },

    drainContainer: ({ service, id }) => drained(setting, role(service), id),

    async restartContainer(request) {
      const { service } = request;
      return restarted(service, await restartInPlace(setting, role(service), request));
    },

    async ensureStarted({ id }) {
      const info = await inspectContainer(setting, id);
      if (info !== undefined && !info.State.Running) await startContainer(setting, info);
    },

    checkReplacement: (request) => checkReplacementOf(setting, request),

    async replaceContainer(request) {
      const { service } = request;
      return restarted(service, await replaceInPlace(setting, role(service), request));
    },

    async forgetFormer({ service }) {
      return { removed: await forgetFormerOf(setting, role(service)) };
    },

    removeReplica: ({ service, id }) => removeOurs(setting, role(service), id),

    async rememberAsked({ service, asked, by }) {
      await recordAsked(setting, service, { replicas: asked, at: new Date().toISOString(), by });
    },

    settleService: ({ service }) =>
      settle(setting, role(service), { runId: currentOwner(setting.stack.stack).runId }),

    async settleEndedRuns() {
      return settle(setting, 'api', { runId: undefined });
    },
  };
}

async function goodLook(setting: Setting, service: string, id: string): Promise<boolean> {
  const info = await inspectContainer(setting, id);
  return info !== undefined && isServing(setting, roleOf(setting, service), info);
}

async function failWith(setting: Setting, id: string): Promise<never> {
  const info = await inspectContainer(setting, id);
  if (info === undefined) {
    throw problem('ContainerFailed', {
      what: `The container ${id.slice(0, 12)} was removed by somebody while it was watched: compose takes away what its file does not ask for.`,
    });
  }
  throw await failed(setting, info, `${nameOf(info)} stopped answering while it was watched`);
}
