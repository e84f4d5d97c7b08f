import type { SeenContainer, ServiceLook } from '../../activities/contract/containers.ts';
import { problem } from '../../problem.ts';
import { counted, spokenSize } from './words.ts';

/** Memory that the host keeps for everything else. */
const reserveBytes = 256 * 1024 * 1024;
/** A new container may come to need more than the one that is there uses now. */
const growth = 1.25;

export interface ScalePlan {
  service: string;
  asked: number;
  /** What the new ones are made after. */
  original: SeenContainer;
  /** Those that serve before and after. */
  staying: SeenContainer[];
  /** Numbers of the containers to create. */
  create: number[];
  /** Made by hermes-ops, from the highest number down. */
  remove: SeenContainer[];
}

/**
 * What has to be done so that there are `asked` containers. Pure. Throws CannotScale and NotEnoughRoom, which say why
 * not; nothing was changed then.
 */
export function planScaling(look: ServiceLook, asked: number): ScalePlan {
  assertScalable(look, asked);
  const running = look.containers.filter(({ running: runs }) => runs);
  const broken = look.containers.filter(({ running: runs, madeBy }) => !runs && madeBy === 'hermes-ops');
  const original = running.find(({ madeBy, answers }) => madeBy === 'compose' && answers);
  if (original === undefined) {
    throw problem('CannotScale', {
      what: `No container of ${look.service} that compose made answers: there is nothing to make a copy of.`,
      next: `Restart it first: {"service": "${look.service}"} for restartService.`,
    });
  }
  if (asked >= running.length) {
    const create = look.freeNumbers.slice(0, asked - running.length);
    assertRoom(look, create.length);
    return { service: look.service, asked, original, staying: running, create, remove: broken };
  }
  const ours = running
    .filter(({ madeBy }) => madeBy === 'hermes-ops')
    .toSorted((a, b) => b.number - a.number);
  const remove = ours.slice(0, running.length - asked);
  if (running.length - remove.length > asked) {
    throw problem('CannotScale', {
      what: `${counted(running.length - ours.length, 'container')} of ${look.service} were made by compose, which hermes-ops never removes: it cannot become ${asked}.`,
      next: `Use compose for that: docker compose up -d --scale ${look.service}=${asked}`,
    });
  }
  const staying = running.filter((container) => !remove.includes(container));
  if (!staying.some(({ answers }) => answers)) {
    throw problem('CannotScale', {
      what: `None of the containers that would stay answers: ${staying.map(({ name }) => name).join(', ')}.`,
      next: 'Restart them first.',
    });
  }
  return { service: look.service, asked, original, staying, create: [], remove: [...remove, ...broken] };
}

function assertScalable(look: ServiceLook, asked: number): void {
  const { service, minimum, maximum } = look;
  const refuse = (what: string, next: string): Error =>
    problem('CannotScale', { what, state: 'Nothing was changed.', next });
  if (look.stateful) {
    throw refuse(
      `${service} keeps data: a second one would have data of its own, so it is never copied.`,
      'Give it more CPU or memory instead: resizeService.',
    );
  }
  if (look.role !== 'api') {
    throw refuse(
      `${service} is what customers reach first, on ${ports(look)}, and nothing stands before it to share the load: it is not copied.`,
      'Scale the api, or give it more CPU or memory: resizeService.',
    );
  }
  if (asked < minimum || asked > maximum) {
    throw refuse(
      `${asked} containers of ${service} were asked for: the stack file allows ${minimum} to ${maximum}.`,
      'Ask for less, or change compose.services.api.replicas in the stack file.',
    );
  }
  if (asked > look.containers.length && look.uncopyable.length > 0) {
    throw problem('CannotCopy', {
      what: `${service} cannot be copied faithfully: ${look.uncopyable.join('; ')}.`,
      state: 'Nothing was changed.',
      next: 'Put that into its image or a volume, or scale with compose.',
    });
  }
}

function assertRoom({ service, host }: ServiceLook, more: number): void {
  const { availableBytes, usedByOneBytes, cores, memoryBytes } = host;
  if (more === 0 || availableBytes === null || usedByOneBytes === null) return;
  const neededBytes = Math.ceil(more * usedByOneBytes * growth) + reserveBytes;
  if (neededBytes <= availableBytes) return;
  throw problem('NotEnoughRoom', {
    what:
      `The Docker host has ${spokenSize(availableBytes)} of its ${spokenSize(memoryBytes)} left (${counted(cores, 'core')}); ` +
      `${more} more of ${service}, which uses ${spokenSize(usedByOneBytes)} each, need ${spokenSize(neededBytes)}.`,
    state: 'Nothing was changed.',
    next: 'Free memory on the host, or ask for fewer.',
  });
}

/** The plan as lines for people. */
export function describeScalePlan(look: ServiceLook, plan: ScalePlan): string[] {
  const { service, asked, create, remove, staying } = plan;
  const now = look.containers.filter(({ running }) => running).length;
  const { cores, availableBytes } = look.host;
  const left = availableBytes === null ? '' : `, ${spokenSize(availableBytes)} of memory left`;
  const silent = staying.filter(({ answers }) => !answers).map(({ name }) => name);
  return [
    `${service}: ${now} → ${asked} ${asked === 1 ? 'container' : 'containers'} (${staying.map(({ name }) => name).join(', ')} ${staying.length === 1 ? 'stays' : 'stay'})`,
    ...create.map(
      (number) => `create number ${number}, a copy of ${plan.original.name} without its published ports`,
    ),
    ...remove.map(
      ({ name, running }) => `${running ? 'drain, stop and remove' : 'remove what does not run:'} ${name}`,
    ),
    `the Docker host has ${counted(cores, 'core')}${left}`,
    ...(asked > cores ? [`Attention: more containers than cores: they share them`] : []),
    ...(silent.length > 0 ? [`Attention: ${silent.join(', ')} does not answer`] : []),
    ...vanished(look, now),
  ];
}

/** Compose takes away what its file does not ask for, and nobody is told. */
export function vanished({ asked, service }: Pick<ServiceLook, 'asked' | 'service'>, now: number): string[] {
  if (asked === null || asked.replicas <= now) return [];
  return [
    `Attention: ${asked.by} asked for ${asked.replicas} of ${service} at ${asked.at.slice(0, 16)}Z and ${now} are there: somebody, or compose by \`up\`, took the others away`,
  ];
}

function ports({ publishes }: ServiceLook): string {
  return publishes.length === 0
    ? 'its ports'
    : `port${publishes.length === 1 ? '' : 's'} ${publishes.join(', ')}`;
}
