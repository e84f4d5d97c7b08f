import type {
  SeenContainer,
  ServiceContainerActivities,
  ServiceLook,
} from '../../../src/activities/contract/containers.ts';
import type { HeldLimits, LimitActivities, ResizePlan } from '../../../src/activities/contract/limits.ts';
import type { Load, LoadActivities } from '../../../src/activities/contract/load.ts';
import type { ProxyActivities } from '../../../src/activities/contract/proxy.ts';

const gibibyte = 1024 ** 3;

export function container(changed: Partial<SeenContainer> = {}): SeenContainer {
  const number = changed.number ?? 1;
  return {
    id: `id-${number}`,
    name: number === 1 ? 'hermes-api' : `hermes-api-${number}`,
    number,
    startedAt: '2026-11-17T01:00:00.000Z',
    image: `sha256:${'a'.repeat(64)}`,
    running: true,
    answers: true,
    health: 'healthy',
    madeBy: number === 1 ? 'compose' : 'hermes-ops',
    address: `172.20.0.${number + 3}`,
    ...changed,
  };
}

export function serviceLook(changed: Partial<ServiceLook> = {}): ServiceLook {
  return {
    service: 'api',
    role: 'api',
    stateful: false,
    minimum: 1,
    maximum: 4,
    containers: [container()],
    publishes: ['8000'],
    uncopyable: [],
    host: {
      cores: 4,
      memoryBytes: 16 * gibibyte,
      availableBytes: 8 * gibibyte,
      usedByOneBytes: gibibyte / 4,
    },
    freeNumbers: [2, 3, 4, 5],
    asked: null,
    restarts: [],
    ...changed,
  };
}

/** A service of one container, restarted and scaled on a good day. */
export function goodServiceDay(): ServiceContainerActivities & ProxyActivities {
  const restarted = { exitCode: 0, killed: false };
  return {
    lookAtService: async ({ service }) => serviceLook({ service }),
    startBridge: async () => container({ id: 'bridge', name: 'bridge', madeBy: 'hermes-ops' }),
    startReplica: async ({ number }) => container({ number }),
    announceReplica: async () => container({ number: 2 }),
    keepReplicas: async ({ replicas }) => ({ names: replicas.map(({ number }) => `hermes-api-${number}`) }),
    watchContainers: async () => ({ looks: 60 }),
    drainContainer: async () => ({ waitedMs: 600, left: 0 }),
    restartContainer: async ({ id }) => ({ container: container({ id }), ...restarted }),
    ensureStarted: async () => undefined,
    checkReplacement: async () => undefined,
    replaceContainer: async () => ({ container: container({ id: 'id-new' }), ...restarted }),
    forgetFormer: async () => ({ removed: ['hermes-api.before-1'] }),
    removeReplica: async () => ({ killed: false }),
    rememberAsked: async () => undefined,
    settleService: async () => ({ done: [], kept: [] }),
    settleEndedRuns: async () => ({ done: [], kept: [] }),
    lookAtProxy: async () => ({ container: 'hermes-nginx', names: ['api'], unsteerable: [], told: [] }),
    steerProxy: async ({ ids }) => ({ addresses: ids, reloadMs: 120 }),
    pinProxy: async ({ ids }) => ({ addresses: ids }),
    freeProxy: async ({ reload }) => ({ reloaded: reload }),
    awaitReached: async ({ ids }) => ({ names: ids, requests: 8 }),
  };
}

const before = { Memory: 2 * gibibyte, MemorySwap: 4 * gibibyte, NanoCpus: 1e9, CpuQuota: 0, CpuPeriod: 0 };

export function resizePlan(changed: Partial<ResizePlan> = {}): ResizePlan {
  const now = { cpus: 1, memoryBytes: 2 * gibibyte };
  const { id, name, startedAt } = container();
  const wanted = { cpus: 2, memoryBytes: 2 * gibibyte };
  return {
    service: 'api',
    role: 'api',
    containers: [{ id, name, startedAt, before, change: { NanoCpus: 2e9 }, now, wanted, use: null }],
    host: { cpus: 4, memoryBytes: 16 * gibibyte },
    asks: [],
    warnings: [],
    ...changed,
  };
}

export function load(changed: Partial<Load> = {}): Load {
  return {
    enabled: true,
    service: 'api',
    targets: {
      minimum: 1,
      maximum: 3,
      askAbove: 3,
      tolerance: 0.1,
      scaleOutAfterMs: 180_000,
      scaleInAfterMs: 600_000,
      targets: { cpu: 0.6 },
    },
    look: {
      atMs: Date.parse('2026-11-17T03:00:00.000Z'),
      replicas: 1,
      values: { cpu: 0.5, latencyP95Ms: null },
    },
    ...changed,
  };
}

/** Limits and load on a good day. */
export function goodLimitsDay(): LimitActivities & LoadActivities {
  const held: HeldLimits = { container: 'hermes-api', seenBy: 'cgroup', cpus: 2, memoryBytes: 2 * gibibyte };
  return {
    planResize: async () => resizePlan(),
    setLimits: async () => undefined,
    verifyLimits: async () => [held],
    giveBackLimits: async () => ({ restored: ['hermes-api'] }),
    lookAtLoad: async () => load(),
  };
}
