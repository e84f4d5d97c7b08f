import { proxyActivities } from '@temporalio/workflow';
import type {
  Restarted,
  SeenContainer,
  ServiceContainerActivities,
  ServiceLook,
} from '../../activities/contract/containers.ts';
import type { ProxyActivities, Reached } from '../../activities/contract/proxy.ts';
import { shortChange } from './policies.ts';
import { isOut } from './restart-plan.ts';
import { drain, onFailureSettle, seeEachAsked } from './proxied.ts';
import type { Run } from './run.ts';

const { removeReplica, startBridge } = proxyActivities<ServiceContainerActivities>(shortChange);
const { freeProxy, steerProxy } = proxyActivities<ProxyActivities>(shortChange);

export interface Bridged {
  containers: SeenContainer[];
  /** Connections that outlived the drain limit. */
  cut: number;
  /** Names of those that did not end within their grace period. */
  killed: string[];
  reached: Reached;
}

interface BridgeSteps {
  /** What is done to each container while nobody asks it. */
  act: (container: SeenContainer) => Promise<Restarted>;
  /** What is done when all serve again and the copy is still there. */
  before?: (containers: SeenContainer[]) => Promise<void>;
}

/**
 * Does something to each container of a service while the others and a copy carry its traffic, so that no request is
 * lost. Afterwards nothing is left of the copy: names, published ports, labels and addresses are the originals'.
 */
export async function behindBridge(run: Run, look: ServiceLook, steps: BridgeSteps): Promise<Bridged> {
  if (isOut(look)) return withoutBridge(run, look, steps);
  const { act, before } = steps;
  const { service } = look;
  let containers = look.containers;
  const killed: string[] = [];
  let cut = 0;

  onFailureSettle(run, service);
  const model = containers.find(({ answers }) => answers) ?? containers[0];
  if (model === undefined) throw new TypeError(`A look at ${service} without a container`);
  const bridge = await run.change(
    `Start a copy of ${model.name} beside it`,
    () => startBridge({ service, id: model.id, startedAt: model.startedAt }),
    ({ address }) => `it answers at ${address ?? 'no address'}`,
  );
  for (const container of look.containers) {
    const others = containers.filter(({ id, answers }) => id !== container.id && answers);
    const carriers = [...others, bridge].map(({ id }) => id);
    await run.change(`Let the copy carry the traffic of ${container.name}`, () =>
      steerProxy({ service, ids: carriers }),
    );
    cut += await drain(run, service, container);
    const restarted = await act(container);
    if (restarted.killed) killed.push(container.name);
    containers = containers.map((one) => (one.id === container.id ? restarted.container : one));
  }
  const ids = containers.map(({ id }) => id);
  await run.change('Give the traffic back', () => steerProxy({ service, ids }));
  const reached = await seeEachAsked(run, service, ids);
  await before?.(containers);
  cut += await drain(run, service, { id: bridge.id, name: 'the copy' });
  await run.change('Take the copy away', () => removeReplica({ service, id: bridge.id }));
  // nginx asks the originals, and Docker's names lead to them too: it needs no other reload.
  await run.change('Let nginx find them by name again', () => freeProxy({ reload: false }));
  run.wayBack.forgetAll();
  return { containers, cut, killed, reached };
}

/** Nothing answers: there is no traffic to carry, and a copy of what does not answer would not answer either. */
async function withoutBridge(run: Run, look: ServiceLook, { act, before }: BridgeSteps): Promise<Bridged> {
  const { service } = look;
  onFailureSettle(run, service);
  const done: Restarted[] = [];
  for (const container of look.containers) done.push(await act(container));
  const containers = done.map(({ container }) => container);
  await run.change('Let nginx find them by name', () => freeProxy({ reload: true }));
  const ids = containers.map(({ id }) => id);
  const reached = await seeEachAsked(run, service, ids);
  await before?.(containers);
  run.wayBack.forgetAll();
  const killed = done.filter((one) => one.killed).map(({ container }) => container.name);
  return { containers, cut: 0, killed, reached };
}
