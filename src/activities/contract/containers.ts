import type { Role } from '../../stack/compose.ts';

/** What the activities on a service's containers take and give. */

export interface SeenContainer {
  id: string;
  name: string;
  /** Compose's container number. */
  number: number;
  /** ISO time. With the id it says whether this is still the container that a plan saw. */
  startedAt: string;
  /** By digest: a tag may have moved. */
  image: string;
  running: boolean;
  /** It answers by itself at this moment. */
  answers: boolean;
  /** Docker's own check, as evidence. */
  health: string | null;
  madeBy: 'compose' | 'hermes-ops';
  /** Where the proxy reaches it; null while it has no address. */
  address: string | null;
}

export interface HostRoom {
  cores: number;
  memoryBytes: number;
  /** What a new process could have; null where the host does not say. */
  availableBytes: number | null;
  /** What one container of the service uses now; null where the engine does not say. */
  usedByOneBytes: number | null;
}

export interface ServiceLook {
  service: string;
  role: Role;
  stateful: boolean;
  minimum: number;
  maximum: number;
  /** By their numbers. Without copies that a run is making at this moment. */
  containers: SeenContainer[];
  /** Host ports that the service publishes. */
  publishes: string[];
  /** Why it cannot be copied faithfully, in words. */
  uncopyable: string[];
  host: HostRoom;
  /** Numbers that new containers could have, in order. */
  freeNumbers: number[];
  /** How many were asked for last, where somebody asked. */
  asked: { replicas: number; at: string; by: string } | null;
  /** ISO times of its restarts within the last hour. */
  restarts: string[];
}

export interface Target {
  service: string;
  id: string;
}

/** What a plan saw of a container: it is acted on only while this holds. */
export interface SeenTarget extends Target {
  startedAt: string;
}

/** What is different in the container that takes another one's place. */
export interface Replacement {
  /** An image that the engine has. */
  image?: string;
  /** A file of NAME=value lines on the worker's machine: the values never enter a history. */
  environmentFile?: string;
  limits?: { cpus?: number; memoryBytes?: number };
}

export interface Restarted {
  container: SeenContainer;
  /** Of the process that was stopped; null where it did not run. */
  exitCode: number | null;
  /** It did not end within its grace period and was killed. */
  killed: boolean;
}

export interface Drained {
  waitedMs: number;
  /** Connections that outlived the limit. */
  left: number;
}

export interface Settled {
  /** Containers that were taken away, started again or brought back, in words. */
  done: string[];
  /** What had to stay, and why. */
  kept: string[];
}

export interface ServiceContainerActivities {
  /** How a service stands now. Throws UnknownService, which suggests the name that was meant. */
  lookAtService(request: { service: string }): Promise<ServiceLook>;
  /** Starts this run's copy that carries the traffic meanwhile, and waits until it answers by itself. */
  startBridge(request: SeenTarget): Promise<SeenContainer>;
  /** Starts this run's replica of that number, and waits until it answers by itself. */
  startReplica(request: SeenTarget & { number: number; unannounced?: boolean }): Promise<SeenContainer>;
  /** Gives a replica that was started unannounced the names by which the service is found, as `like` has them. */
  announceReplica(request: Target & { like: string }): Promise<SeenContainer>;
  /** Gives replicas their permanent names, and writes down how many were asked for. */
  keepReplicas(request: {
    service: string;
    replicas: { id: string; number: number }[];
    asked: number;
    by: string;
  }): Promise<{ names: string[] }>;
  /** Throws ContainerFailed as soon as one of them stops answering or is gone within `forMs`. */
  watchContainers(request: { service: string; ids: string[]; forMs: number }): Promise<{ looks: number }>;
  /** Waits until nothing is under way in the container, for the stack file's limit at most. */
  drainContainer(request: Target): Promise<Drained>;
  /** Restarts in place what the plan saw, and waits until it answers. Restarted meanwhile is success. */
  restartContainer(request: SeenTarget): Promise<Restarted>;
  /** Starts what does not run; waits for nothing. Gone is success. */
  ensureStarted(request: Target): Promise<void>;
  /** Throws CannotCopy or InvalidInput when a replacement could not be made. Changes nothing. */
  checkReplacement(request: SeenTarget & { changes: Replacement }): Promise<void>;
  /** Puts a changed container in its place, under its name; the one before stays, stopped, until `forgetFormer`. */
  replaceContainer(request: SeenTarget & { changes: Replacement }): Promise<Restarted>;
  /** Removes what `replaceContainer` kept. */
  forgetFormer(request: { service: string }): Promise<{ removed: string[] }>;
  /** Stops and removes a copy or replica of hermes-ops; never what compose made. Gone already is success. */
  removeReplica(request: Target): Promise<{ killed: boolean }>;
  /** Writes down how many containers were asked for. */
  rememberAsked(request: { service: string; asked: number; by: string }): Promise<void>;
  /**
   * Brings a service back to what stands by itself: originals serve, nginx knows them alone, and copies of this run
   * and of ended runs are gone. What cannot be brought back keeps its copy.
   */
  settleService(request: { service: string }): Promise<Settled>;
  /** The same for every service, for ended runs only. */
  settleEndedRuns(): Promise<Settled>;
}
