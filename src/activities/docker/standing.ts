import type { Role } from '../../stack/compose.ts';
import { ownerOfLabels } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { composePrefix, type Inspected, numberLabel } from './copy/copy-of.ts';
import { formerOf, unfinishedOf } from './copy/names.ts';
import { engineCall, unlessGone } from './engine.ts';

export const serviceLabel = 'hermes-ops.service';
export const stepLabel = 'hermes-ops.step';

/** Every container that has to do with a service, told apart by what it is. */
export interface ServiceParts {
  /** What stands for itself: compose's, and replicas that a run has finished. */
  standing: Inspected[];
  /** Copies that a run makes or uses: bridges, replicas without their permanent name. */
  unfinished: Inspected[];
  /** What was replaced and is kept until the new one is trusted. */
  former: Inspected[];
}

/** Looks at every container of a role. */
export async function partsOf(setting: Setting, role: Role): Promise<ServiceParts> {
  const { stack } = setting;
  const { project, services } = stack.compose;
  const { service } = services[role];
  const byCompose = [
    `${composePrefix}project=${project}`,
    `${composePrefix}service=${service}`,
    `${composePrefix}oneoff=False`,
  ];
  const ours = [`hermes-ops.stack=${stack.stack}`, `${serviceLabel}=${service}`];
  const found = await containersWith(setting, `Looking for the containers of ${service}`, [byCompose, ours]);
  const parts: ServiceParts = { standing: [], unfinished: [], former: [] };
  for (const info of found) {
    if (formerOf(nameOf(info)) !== undefined) parts.former.push(info);
    else if (unfinishedOf(nameOf(info)) !== undefined) parts.unfinished.push(info);
    else parts.standing.push(info);
  }
  parts.standing.sort((a, b) => numberOf(a) - numberOf(b));
  return parts;
}

/** Every container that has all labels of one of the sets, stopped ones too; not what is being removed. */
export async function containersWith(
  { docker }: Setting,
  what: string,
  labelSets: readonly string[][],
): Promise<Inspected[]> {
  const found = await engineCall(what, async () => {
    const lists = await Promise.all(
      labelSets.map((label) => docker.listContainers({ all: true, filters: { label } })),
    );
    const ids = [...new Set(lists.flat().map(({ Id }) => Id))];
    return Promise.all(ids.map((id) => unlessGone(() => docker.getContainer(id).inspect())));
  });
  return found.filter((info) => info !== undefined).filter(({ State }) => State.Status !== 'removing');
}

export function nameOf({ Name }: { Name: string }): string {
  return Name.replace(/^\//, '');
}

export function numberOf({ Config }: Inspected): number {
  return Number(Config.Labels[numberLabel] ?? 0);
}

/** Whether hermes-ops made it: only such a container is ever removed. */
export function isOurs({ stack }: Setting, { Config }: Inspected): boolean {
  const owner = ownerOfLabels(Config.Labels);
  return owner?.stack === stack.stack && ['bridge', 'replica'].includes(Config.Labels[stepLabel] ?? '');
}
