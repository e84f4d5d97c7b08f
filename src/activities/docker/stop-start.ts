import { reportProgress } from '../progress.ts';
import type { Role } from '../../stack/compose.ts';
import type { Setting } from '../setting.ts';
import { engineCall, unlessGone } from './engine.ts';
import { findServiceContainers } from './service-containers.ts';

/** How long a container of the role may take to stop, in whole seconds as the engine has it. */
export function graceSeconds({ stack }: Setting, role: Role): number {
  return Math.ceil(stack.compose.services[role].stopGraceMs / 1000);
}

/** Stops one container of a role within its grace period. Stopped already, or gone, is success. */
export async function stopWithinGrace(
  setting: Setting,
  role: Role,
  { id, name }: { id: string; name: string },
): Promise<void> {
  reportProgress(`Stopping ${name}`);
  await engineCall(`Stopping ${name}`, () =>
    unlessGone(() => setting.docker.getContainer(id).stop({ t: graceSeconds(setting, role) })),
  );
}

/** Stops the containers of a role, each within its grace period. Stopped already is success. Returns their names. */
export async function stopRole(setting: Setting, role: Role): Promise<string[]> {
  const stopped: string[] = [];
  for (const container of await findServiceContainers(setting, role)) {
    await stopWithinGrace(setting, role, container);
    stopped.push(container.name);
  }
  return stopped;
}

/** Starts the containers of a role, each after `started` is done with the one before. Started already is success. */
export async function startRole(
  setting: Setting,
  role: Role,
  started: (id: string) => Promise<unknown> = async () => undefined,
): Promise<string[]> {
  const names: string[] = [];
  for (const { id, name } of await findServiceContainers(setting, role)) {
    reportProgress(`Starting ${name}`);
    await engineCall(`Starting ${name}`, () => unlessGone(() => setting.docker.getContainer(id).start()));
    names.push(name);
    await started(id);
  }
  return names;
}
