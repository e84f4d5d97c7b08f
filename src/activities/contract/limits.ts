import type { Role } from '../../stack/compose.ts';

/** What the activities on the limits of a service's containers take and give. */

/** Null is no limit. */
export interface Limits {
  cpus: number | null;
  memoryBytes: number | null;
}

/** Limits as the engine keeps them, field by field. */
export interface EngineLimits {
  Memory: number;
  MemorySwap: number;
  NanoCpus: number;
  CpuQuota: number;
  CpuPeriod: number;
}

/** What a container uses, seen over some seconds. */
export interface Use {
  cpus: number;
  /** Without what the kernel only caches. */
  memoryBytes: number;
  /** 0 unless it grew at every look. */
  growthBytesPerSecond: number;
}

export interface ResizeRequest {
  service: string;
  cpus?: number;
  memoryBytes?: number;
}

export interface ResizeTarget {
  id: string;
  name: string;
  /** ISO time: a container that was killed and started again has another one. */
  startedAt: string;
  before: EngineLimits;
  /** The fields to send; none when it is so already. */
  change: Partial<EngineLimits>;
  now: Limits;
  wanted: Limits;
  /** Null where it does not run. */
  use: Use | null;
}

export interface ResizePlan {
  service: string;
  role: Role;
  containers: ResizeTarget[];
  host: { cpus: number; memoryBytes: number };
  /** Why a person is asked first. */
  asks: string[];
  warnings: string[];
}

/** What holds for a container, as something saw it that is not the engine's own record. */
export interface HeldLimits extends Limits {
  container: string;
  seenBy: 'cgroup' | 'statistics' | 'nothing: it does not run';
}

export interface LimitActivities {
  /**
   * Looks at limits, use and host. Throws UnknownService, and NotEnoughRoom when the host has less than was asked for
   * or the containers use more. Changes nothing.
   */
  planResize(request: ResizeRequest): Promise<ResizePlan>;
  /** Sets the limits of running containers, live. Throws StalePlan, NotEnoughRoom, EngineRefused. Set already is success. */
  setLimits(request: { plan: ResizePlan }): Promise<void>;
  /** Looks inside, then watches for `forMs` that nothing is killed. Throws VerificationFailed, ContainerFailed. */
  verifyLimits(request: { plan: ResizePlan; forMs: number }): Promise<HeldLimits[]>;
  /** The way back of `setLimits`: the limits that the plan saw. What is gone is left out. */
  giveBackLimits(request: { plan: ResizePlan }): Promise<{ restored: string[] }>;
}
