import * as v from 'valibot';
import type { SeenContainer, ServiceLook } from '../contract/containers.ts';
import type { Role } from '../../stack/compose.ts';
import { problem } from '../../problem.ts';
import type { Setting } from '../setting.ts';
import { type Inspected, numberLabel } from './copy/copy-of.ts';
import { replicaName } from './copy/names.ts';
import { uncopyable } from './copy/uncopyable.ts';
import { engineCall, unlessGone } from './engine.ts';
import { hostRoom } from './host-room.ts';
import { roleOf } from './roles.ts';
import { readServiceRecord, recentRestarts } from './service-record.ts';
import { addressOf, isServing } from './serving.ts';
import { isOurs, nameOf, numberOf, partsOf } from './standing.ts';

const mostNumbers = 100;

/** How a service stands now: its containers, what is left of the host, what a copy would lack. */
export async function lookAt(setting: Setting, service: string): Promise<ServiceLook> {
  const role = roleOf(setting, service);
  const { replicas, stateful } = setting.stack.compose.services[role];
  const { standing } = await partsOf(setting, role);
  const original = standing.find((info) => !isOurs(setting, info)) ?? standing[0];
  if (original === undefined) {
    throw problem('UnknownContainer', {
      what: `The compose project ${setting.stack.compose.project} has no container of the service ${service}.`,
      next: 'Start it with compose, or correct `compose` in the stack file.',
    });
  }
  const networks = await proxyNetworks(setting);
  const record = await readServiceRecord(setting, service);
  return {
    service,
    role,
    stateful,
    minimum: replicas.minimum,
    maximum: replicas.maximum,
    containers: await Promise.all(standing.map((info) => seen(setting, role, info, networks))),
    publishes: Object.values(original.HostConfig.PortBindings ?? {}).flatMap(hostPorts),
    uncopyable: await whyUncopyable(setting, original),
    host: await hostRoom(setting, standing.find(({ State }) => State.Running)?.Id),
    freeNumbers: await freeNumbers(setting, original, standing),
    asked: record.asked,
    restarts: recentRestarts(record, Date.now()),
  };
}

/** A container in the few values that a plan needs. */
export async function seen(
  setting: Setting,
  role: Role,
  info: Inspected,
  networks: readonly string[],
): Promise<SeenContainer> {
  return {
    id: info.Id,
    name: nameOf(info),
    number: numberOf(info),
    startedAt: info.State.StartedAt,
    image: info.Image,
    running: info.State.Running,
    answers: await isServing(setting, role, info),
    health: info.State.Health?.Status ?? null,
    madeBy: isOurs(setting, info) ? 'hermes-ops' : 'compose',
    address: addressOf(info, networks),
  };
}

/** The networks on which the proxy reaches a service. */
export async function proxyNetworks(setting: Setting): Promise<string[]> {
  const { standing } = await partsOf(setting, 'proxy');
  return standing.flatMap(({ NetworkSettings }) => Object.keys(NetworkSettings.Networks));
}

async function whyUncopyable({ docker }: Setting, original: Inspected): Promise<string[]> {
  const raw: unknown = await engineCall('Looking at changed files', () =>
    docker.getContainer(original.Id).changes(),
  );
  const image = await engineCall('Looking for the image', () =>
    unlessGone(() => docker.getImage(original.Image).inspect()),
  );
  return [
    ...(image === undefined ? [`its image (${original.Config.Image}) is gone from the engine`] : []),
    ...uncopyable(original, changesIn(raw)),
  ];
}

const changesSchema = v.nullable(v.array(v.object({ Path: v.string(), Kind: v.number() })));

/** dockerode leaves this answer as bytes. */
function changesIn(raw: unknown): v.InferOutput<typeof changesSchema> & object {
  const parsed: unknown = Buffer.isBuffer(raw) ? JSON.parse(raw.toString('utf8') || 'null') : raw;
  return v.parse(changesSchema, parsed) ?? [];
}

function hostPorts(bindings: unknown): string[] {
  if (!Array.isArray(bindings)) return [];
  return bindings.flatMap((binding: unknown) =>
    typeof binding === 'object' && binding !== null && 'HostPort' in binding
      ? [String(binding.HostPort)]
      : [],
  );
}

/** Numbers whose names nobody has. */
async function freeNumbers(
  setting: Setting,
  original: Inspected,
  standing: readonly Inspected[],
): Promise<number[]> {
  const all = await engineCall('Looking at names', () => setting.docker.listContainers({ all: true }));
  const names = new Set(all.flatMap(({ Names }) => Names.map((name) => name.replace(/^\//, ''))));
  const used = new Set(standing.map((info) => Number(info.Config.Labels[numberLabel] ?? 0)));
  const free: number[] = [];
  for (let number = 1; number <= mostNumbers; number += 1) {
    if (!used.has(number) && !names.has(replicaName(original.Config.Labels, number))) free.push(number);
  }
  return free;
}
