import type Docker from 'dockerode';
import { withoutImageDefaults } from './image-defaults.ts';

export const composePrefix = 'com.docker.compose.';
export const numberLabel = `${composePrefix}container-number`;
const ownerLabel = /^hermes-ops\.(?:stack|procedure|workflow|run|step)$/;

/** `inspect` as the engine gives it: its types leave some of it out. */
export type Inspected = Docker.ContainerInspectInfo & {
  Config: { StopSignal?: string; StopTimeout?: number | null };
};

export type ImageConfig = Docker.ImageInspectInfo['Config'];

/** What the copy is for decides what it leaves out. */
export type CopyAs =
  /** Carries the traffic for a while: nobody finds it by a name. */
  | { kind: 'bridge'; name: string; labels: Record<string, string> }
  /** One more of the service: in compose's list, and found by its names, unless it gets them later. */
  | { kind: 'replica'; name: string; number: number; labels: Record<string, string>; unannounced?: boolean }
  /** Takes the original's place with all that belongs to it, and with what has changed. */
  | { kind: 'successor'; name: string; image: string; next?: ImageConfig; changes: SuccessorChanges };

export interface SuccessorChanges {
  /** NAME=value; replaces the variables of those names. */
  environment?: string[];
  cpus?: number;
  memoryBytes?: number;
}

export interface CopyPlan {
  create: Docker.ContainerCreateOptions;
  /** Networks to join before the start: the engine takes one at creation. */
  connect: { network: string; settings: Docker.EndpointSettings }[];
}

/**
 * How to create a container like `original`: image by digest, environment, mounts, limits, health check, networks.
 * Pure. `image` is what its image brings along.
 */
export function copyOf(original: Inspected, image: ImageConfig, as: CopyAs): CopyPlan {
  const own = as.kind === 'successor';
  const config =
    own && as.next !== undefined ? withoutImageDefaults(original.Config, image) : original.Config;
  const networks = networksOf(original, as);
  const first = networks.find(({ network }) => network === original.HostConfig.NetworkMode) ?? networks[0];
  return {
    create: withoutUndefined({
      name: as.name,
      Image: own ? as.image : original.Image,
      Hostname: original.Config.Hostname === shortId(original) ? undefined : original.Config.Hostname,
      Domainname: config.Domainname,
      User: config.User,
      Tty: config.Tty,
      OpenStdin: config.OpenStdin,
      StdinOnce: config.StdinOnce,
      Env: own ? environmentOf(config.Env ?? [], as.changes.environment ?? []) : config.Env,
      Cmd: config.Cmd ?? undefined,
      Entrypoint: entrypointOf(config.Entrypoint, own && as.next !== undefined ? undefined : image),
      WorkingDir: config.WorkingDir,
      Volumes: config.Volumes ?? undefined,
      Labels: labelsOf(config.Labels ?? {}, as),
      StopSignal: config.StopSignal,
      StopTimeout: config.StopTimeout ?? undefined,
      Healthcheck: config.Healthcheck ?? undefined,
      // Without them the engine drops the port bindings, and says nothing.
      ExposedPorts: config.ExposedPorts ?? undefined,
      HostConfig: hostConfigOf(original, as),
      ...(first === undefined
        ? {}
        : { NetworkingConfig: { EndpointsConfig: { [first.network]: first.settings } } }),
    }),
    connect: networks.filter((one) => one !== first),
  };
}

/** Of a copy, what decides by which names it is found. */
type Naming = Pick<CopyAs, 'kind'> & { unannounced?: boolean };

/** The networks that a copy joins, and its names there. Pure. */
export function networksOf(original: Inspected, as: Naming): CopyPlan['connect'] {
  return Object.entries(original.NetworkSettings.Networks).map(([network, endpoint]) => ({
    network,
    settings: endpointOf(original, endpoint, as),
  }));
}

export function shortId({ Id }: { Id: string }): string {
  return Id.slice(0, 12);
}

/** An entrypoint that was taken away must be sent as such: left out, the image's comes back. */
function entrypointOf(
  entrypoint: string | string[] | null | undefined,
  image: ImageConfig | undefined,
): string | string[] | undefined {
  if (entrypoint !== null && entrypoint !== undefined && entrypoint.length > 0) return entrypoint;
  return (image?.Entrypoint ?? []).length > 0 ? [''] : undefined;
}

function labelsOf(labels: Record<string, string>, as: CopyAs): Record<string, string> {
  const kept = Object.entries(labels).filter(
    ([name]) => !ownerLabel.test(name) && (as.kind !== 'bridge' || !name.startsWith(composePrefix)),
  );
  if (as.kind === 'successor') return Object.fromEntries(kept);
  const number = as.kind === 'replica' ? { [numberLabel]: String(as.number) } : {};
  return { ...Object.fromEntries(kept), ...number, ...as.labels };
}

function endpointOf(
  original: Inspected,
  endpoint: Docker.EndpointSettings,
  { kind, unannounced = false }: Naming,
): Docker.EndpointSettings {
  const aliases = (endpoint.Aliases ?? []).filter((alias) => alias !== shortId(original));
  return withoutUndefined({
    Aliases: kind === 'bridge' || unannounced ? [] : aliases,
    Links: endpoint.Links ?? undefined,
    DriverOpts: endpoint.DriverOpts ?? undefined,
    // A fixed address can be had once.
    IPAMConfig: kind === 'successor' ? (endpoint.IPAMConfig ?? undefined) : undefined,
  });
}

function hostConfigOf(original: Inspected, as: CopyAs): Docker.HostConfig {
  const { HostConfig } = original;
  const whole = { ...HostConfig, Binds: [...(HostConfig.Binds ?? []), ...anonymousVolumes(original)] };
  if (as.kind === 'successor') return { ...whole, ...limitsOf(HostConfig, as.changes) };
  return { ...whole, PortBindings: {}, PublishAllPorts: false, ContainerIDFile: '', AutoRemove: false };
}

/** Volumes without a name of their own stand only among the mounts: bound by their name, the data stays. */
function anonymousVolumes({ HostConfig, Mounts }: Inspected): string[] {
  const named = new Set([
    ...(HostConfig.Binds ?? []).map((bind) => bind.split(':')[1]),
    ...(HostConfig.Mounts ?? []).map(({ Target }) => Target),
  ]);
  return Mounts.filter(
    ({ Type, Name, Destination }) => Type === 'volume' && Name !== undefined && !named.has(Destination),
  ).map(({ Name, Destination, RW }) => `${Name}:${Destination}${RW ? '' : ':ro'}`);
}

function limitsOf(before: Docker.HostConfig, { cpus, memoryBytes }: SuccessorChanges): Docker.HostConfig {
  const swap = before.MemorySwap ?? 0;
  const memory = before.Memory ?? 0;
  return {
    ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9), CpuQuota: 0, CpuPeriod: 0 }),
    ...(memoryBytes === undefined
      ? {}
      : {
          Memory: memoryBytes,
          // As much swap beside the memory as before; -1 is any amount, 0 is the engine's choice.
          MemorySwap: swap > 0 ? memoryBytes + Math.max(0, swap - memory) : swap,
        }),
  };
}

/** Order and duplicates stay; a changed variable keeps its place. */
function environmentOf(before: string[], changed: string[]): string[] {
  const nameOf = (entry: string): string => entry.split('=', 1)[0] ?? entry;
  const values = new Map(changed.map((entry) => [nameOf(entry), entry]));
  const known = new Set(before.map(nameOf));
  return [
    ...before.map((entry) => values.get(nameOf(entry)) ?? entry),
    ...[...values].filter(([name]) => !known.has(name)).map(([, entry]) => entry),
  ];
}

function withoutUndefined<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
