import type Docker from 'dockerode';
import { problem } from '../../problem.ts';
import type { Role } from '../../stack/compose.ts';
import { currentOwner, ownerLabels, ownerOfLabels, shortRunId } from '../owner.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { copyOf, type CopyPlan, type Inspected, networksOf } from './copy/copy-of.ts';
import { replicaName, unfinishedName } from './copy/names.ts';
import { engineCall, engineChange, engineStatus, unlessGone } from './engine.ts';
import { inspectContainer, untilServing } from './serving.ts';
import { isOurs, nameOf, serviceLabel } from './standing.ts';

const killedExitCode = 137;

/** This run's copy that carries the traffic for a while: started once, and answering. */
export async function startBridgeOf(setting: Setting, role: Role, id: string): Promise<Inspected> {
  const original = await presentContainer(setting, id);
  const { name, labels } = copyIdentity(setting, role, 'bridge');
  const plan = copyOf(original, await imageConfig(setting, original.Image), { kind: 'bridge', name, labels });
  return untilServing(setting, role, await startCopy(setting, original, plan));
}

/** This run's replica of that number: started once, and answering. */
export async function startReplicaOf(
  setting: Setting,
  role: Role,
  { id, number, unannounced = false }: { id: string; number: number; unannounced?: boolean },
): Promise<Inspected> {
  const original = await presentContainer(setting, id);
  const { name, labels } = copyIdentity(setting, role, 'replica', number);
  const plan = copyOf(original, await imageConfig(setting, original.Image), {
    kind: 'replica',
    name,
    number,
    labels,
    unannounced,
  });
  return untilServing(setting, role, await startCopy(setting, original, plan));
}

/**
 * Joins a replica's networks anew, with the names that the original has there. A name can be had at joining only, and
 * leaving cuts what is under way: so only for one that nobody asks yet. Named so already is success.
 */
export async function announceReplicaOf(
  setting: Setting,
  role: Role,
  { id, like }: { id: string; like: string },
): Promise<Inspected> {
  const original = await presentContainer(setting, like);
  assertOwn(setting, await presentContainer(setting, id));
  for (const { network, settings } of networksOf(original, { kind: 'replica' })) {
    const { NetworkSettings } = await presentContainer(setting, id);
    const present = NetworkSettings.Networks[network];
    const named = new Set(present?.Aliases);
    if (present !== undefined && (settings.Aliases ?? []).every((alias) => named.has(alias))) continue;
    const joined = setting.docker.getNetwork(network);
    if (present !== undefined)
      await engineChange(`Leaving ${network}`, () => joined.disconnect({ Container: id }));
    await engineChange(`Joining ${network} by name`, () =>
      joined.connect({ Container: id, EndpointConfig: settings }),
    );
  }
  return untilServing(setting, role, id);
}

/** The container as it is. Throws StalePlan when it is gone: somebody made another one. */
export async function presentContainer(setting: Setting, id: string): Promise<Inspected> {
  const info = await inspectContainer(setting, id);
  if (info !== undefined) return info;
  throw problem('StalePlan', {
    what: `The container ${id.slice(0, 12)} that the plan saw is gone: somebody replaced it meanwhile.`,
    next: 'Look at what is there now, and start again.',
  });
}

/** What an image brings along. Throws CannotCopy when the engine has it no more. */
export async function imageConfig(
  { docker }: Setting,
  image: string,
): Promise<Docker.ImageInspectInfo['Config']> {
  const info = await engineCall('Looking at the image', () =>
    unlessGone(() => docker.getImage(image).inspect()),
  );
  if (info !== undefined) return info.Config;
  throw problem('CannotCopy', {
    what: `The image ${image} is gone from the Docker engine.`,
    next: 'Pull or build it again.',
  });
}

/** Creates, joins its networks, and leaves it unstarted. Created already is success. Returns its id. */
export async function createOnce(setting: Setting, plan: CopyPlan, original: Inspected): Promise<string> {
  const name = plan.create.name ?? '';
  const container = setting.docker.getContainer(name);
  const before = await inspectContainer(setting, name);
  if (before === undefined) {
    await engineChange(`Creating ${name}`, async () => {
      try {
        await setting.docker.createContainer(plan.create);
      } catch (error) {
        // 409: another attempt of this step has created it at this moment.
        if (engineStatus(error) !== 409) throw error;
      }
    });
  }
  for (const { network, settings } of plan.connect) {
    const { NetworkSettings } = await presentContainer(setting, name);
    if (Object.hasOwn(NetworkSettings.Networks, network)) continue;
    await engineChange(`Joining ${name} to ${network}`, () =>
      setting.docker.getNetwork(network).connect({ Container: name, EndpointConfig: settings }),
    );
  }
  const made = await presentContainer(setting, name);
  // Another image has its own command.
  if (made.Image === original.Image && !runsTheSame(made, original)) {
    await unlessGone(() => container.remove({ force: true }));
    throw problem('CannotCopy', {
      what: `A copy of ${nameOf(original)} would run another command than it does.`,
      state: 'The copy was removed; nothing else was changed.',
    });
  }
  return made.Id;
}

async function startCopy(setting: Setting, original: Inspected, plan: CopyPlan): Promise<string> {
  reportProgress(`Starting ${plan.create.name}`);
  const id = await createOnce(setting, plan, original);
  const made = await presentContainer(setting, id);
  assertOwn(setting, made);
  if (made.State.Status === 'created') {
    await engineChange(`Starting ${nameOf(made)}`, () =>
      unlessGone(() => setting.docker.getContainer(id).start()),
    );
  }
  return id;
}

/** Gives a replica the name that compose would have given it. Named so already is success. */
export async function nameReplica(setting: Setting, id: string, number: number): Promise<string> {
  const info = await presentContainer(setting, id);
  const name = replicaName(info.Config.Labels, number);
  if (nameOf(info) !== name) {
    await engineChange(`Naming ${name}`, () => setting.docker.getContainer(id).rename({ name }));
  }
  return name;
}

/** Stops with the service's grace period and removes; never what compose made. Gone already is success. */
export async function removeOurs(setting: Setting, role: Role, id: string): Promise<{ killed: boolean }> {
  const info = await inspectContainer(setting, id);
  if (info === undefined) return { killed: false };
  if (!isOurs(setting, info)) {
    throw problem('EngineRefused', {
      what: `${nameOf(info)} was not made by hermes-ops: it is not removed.`,
    });
  }
  const { killed } = await stopGently(setting, role, info);
  await removeQuietly(setting, id);
  return { killed };
}

/** Stops within the container's own grace period, or else the stack file's. */
export async function stopGently(
  setting: Setting,
  role: Role,
  info: Inspected,
): Promise<{ exitCode: number | null; killed: boolean }> {
  if (!info.State.Running && !info.State.Restarting) return { exitCode: null, killed: false };
  const { stopGraceMs } = setting.stack.compose.services[role];
  const container = setting.docker.getContainer(info.Id);
  const graceSeconds = info.Config.StopTimeout ?? Math.ceil(stopGraceMs / 1000);
  reportProgress(`Stopping ${nameOf(info)}`);
  // The engine stops none that is paused.
  if (info.State.Paused) {
    await engineChange(`Waking ${nameOf(info)}`, () => unlessGone(() => container.unpause()));
  }
  await engineChange(`Stopping ${nameOf(info)}`, () => unlessGone(() => container.stop({ t: graceSeconds })));
  const exitCode = (await inspectContainer(setting, info.Id))?.State.ExitCode ?? null;
  return { exitCode, killed: exitCode === killedExitCode };
}

/** Removes a container and leaves every volume: a copy shares the original's. */
export async function removeQuietly({ docker }: Setting, id: string): Promise<void> {
  await engineChange('Removing a container', () =>
    unlessGone(async () => {
      try {
        await docker.getContainer(id).remove({ force: true });
      } catch (error) {
        // 409: somebody removes it at this moment.
        if (engineStatus(error) !== 409) throw error;
      }
    }),
  );
}

function copyIdentity(
  { stack }: Setting,
  role: Role,
  step: 'bridge' | 'replica',
  number?: number,
): { name: string; labels: Record<string, string> } {
  const owner = currentOwner(stack.stack);
  const { service } = stack.compose.services[role];
  const part = number === undefined ? step : `${step}-${number}`;
  return {
    name: unfinishedName(stack.stack, service, part, shortRunId(owner.runId)),
    labels: { ...ownerLabels(owner, step), [serviceLabel]: service },
  };
}

function assertOwn({ stack }: Setting, info: Inspected): void {
  if (ownerOfLabels(info.Config.Labels)?.runId === currentOwner(stack.stack).runId) return;
  throw problem('EngineRefused', {
    what: `The name ${nameOf(info)} belongs to a container of somebody else.`,
    next: 'Look at it, and remove it if it is not needed.',
  });
}

function runsTheSame(one: Inspected, other: Inspected): boolean {
  return one.Path === other.Path && JSON.stringify(one.Args) === JSON.stringify(other.Args);
}
