import { readFile } from 'node:fs/promises';
import { problem } from '../../problem.ts';
import type { Role } from '../../stack/compose.ts';
import type { Replacement, SeenTarget } from '../contract/containers.ts';
import { currentOwner, shortRunId } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { createOnce, imageConfig, presentContainer, removeQuietly, stopGently } from './copies.ts';
import { copyOf, type Inspected } from './copy/copy-of.ts';
import { formerName, formerOf, unfinishedName } from './copy/names.ts';
import { engineCall, engineChange, unlessGone } from './engine.ts';
import { type InPlace, startContainer } from './restart.ts';
import { recordRestart } from './service-record.ts';
import { inspectContainer, untilServing } from './serving.ts';
import { nameOf, partsOf } from './standing.ts';

const variable = /^[A-Za-z_][A-Za-z0-9_]*=/;

/**
 * Puts a changed container in the place of the one that the plan saw: under its name, with its ports, labels,
 * volumes and addresses. What the engine would refuse is found out before the old one is touched. The old one stays,
 * stopped and under another name, until it is forgotten. Every part of it may have been done by an earlier attempt.
 */
export async function replaceInPlace(
  setting: Setting,
  role: Role,
  { service, id, startedAt, changes }: SeenTarget & { changes: Replacement },
): Promise<InPlace> {
  const run = shortRunId(currentOwner(setting.stack.stack).runId);
  const original = await presentContainer(setting, id);
  const former = formerOf(nameOf(original));
  const name = former?.name ?? nameOf(original);
  const successor = unfinishedName(setting.stack.stack, service, 'next', run);
  let stopped: { exitCode: number | null; killed: boolean } = { exitCode: null, killed: false };
  if (former === undefined) {
    assertAsSeen(original, startedAt);
    await createOnce(setting, await successorPlan(setting, original, successor, changes), original);
    stopped = await stopGently(setting, role, original);
    await rename(setting, id, formerName(name, run));
  }
  const unnamed = await inspectContainer(setting, successor);
  if (unnamed !== undefined) await rename(setting, unnamed.Id, name);
  const next = await presentContainer(setting, name);
  if (!next.State.Running) {
    await startContainer(setting, next);
    await recordRestart(setting, service, new Date());
  }
  return { container: await untilServing(setting, role, next.Id), ...stopped };
}

/** Finds out what is missing for a replacement before anything is touched. Throws CannotCopy, InvalidInput, StalePlan. */
export async function checkReplacementOf(
  setting: Setting,
  { id, changes }: { id: string; changes: Replacement },
): Promise<void> {
  await successorPlan(setting, await presentContainer(setting, id), 'not-made', changes);
}

/** Removes what this run's replacement kept. */
export async function forgetFormerOf(setting: Setting, role: Role): Promise<string[]> {
  const run = shortRunId(currentOwner(setting.stack.stack).runId);
  const { former } = await partsOf(setting, role);
  const own = former.filter((info) => formerOf(nameOf(info))?.run === run);
  for (const { Id } of own) await removeQuietly(setting, Id);
  return own.map(nameOf);
}

/** Brings the container back that was replaced: the new one goes, the old one gets its name and is started. */
export async function bringBack(setting: Setting, role: Role, former: Inspected): Promise<string> {
  const name = formerOf(nameOf(former))?.name ?? nameOf(former);
  const successor = await inspectContainer(setting, name);
  if (successor !== undefined && successor.Id !== former.Id) {
    await stopGently(setting, role, successor);
    await removeQuietly(setting, successor.Id);
  }
  await rename(setting, former.Id, name);
  await startContainer(setting, former);
  return name;
}

async function successorPlan(setting: Setting, original: Inspected, name: string, changes: Replacement) {
  const { docker } = setting;
  const wanted = changes.image ?? original.Config.Image;
  const image = await engineCall('Looking at the image', () =>
    unlessGone(() => docker.getImage(wanted).inspect()),
  );
  if (image === undefined && changes.image !== undefined) {
    throw problem('CannotCopy', {
      what: `The Docker engine has no image ${changes.image}.`,
      state: 'Nothing was changed.',
      next: 'Pull or build it on the Docker host first.',
    });
  }
  const isAnother = changes.image !== undefined && image !== undefined && image.Id !== original.Image;
  return copyOf(original, await imageConfig(setting, original.Image), {
    kind: 'successor',
    name,
    // A tag that has moved meanwhile is another image: only who names it gets it.
    image: isAnother || image?.Id === original.Image ? wanted : original.Image,
    ...(isAnother ? { next: image.Config } : {}),
    changes: {
      ...(changes.environmentFile === undefined
        ? {}
        : { environment: await readVariables(changes.environmentFile) }),
      ...changes.limits,
    },
  });
}

/** Throws InvalidInput, which names the line and never shows what stands on it. */
async function readVariables(file: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw problem(
      'InvalidInput',
      {
        what: `The file of variables ${file} cannot be read by the worker.`,
        state: 'Nothing was changed.',
      },
      error,
    );
  }
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const bad = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('#') && !variable.test(line));
  if (bad >= 0) {
    throw problem('InvalidInput', {
      what: `Line ${bad + 1} of ${file} is not NAME=value.`,
      state: 'Nothing was changed.',
    });
  }
  return lines.filter((line) => variable.test(line));
}

function assertAsSeen(original: Inspected, startedAt: string): void {
  if (original.State.StartedAt === startedAt) return;
  throw problem('StalePlan', {
    what: `${nameOf(original)} was restarted since the plan was made.`,
    state: 'It was left as it is.',
    next: 'Look at what is there now, and start again.',
  });
}

async function rename(setting: Setting, id: string, name: string): Promise<void> {
  const info = await presentContainer(setting, id);
  if (nameOf(info) === name) return;
  await engineChange(`Naming ${name}`, () => setting.docker.getContainer(id).rename({ name }));
}
