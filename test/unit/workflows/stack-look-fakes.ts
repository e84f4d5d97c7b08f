import type { StackContainer, StackLook } from '../../../src/procedures/list-services.ts';

const mebibyte = 1024 ** 2;

export function stackContainer(changed: Partial<StackContainer> = {}): StackContainer {
  const service = changed.service ?? 'api';
  return {
    id: `id-${changed.name ?? service}`,
    service,
    name: `hermes-${service}`,
    image: `hermes-${service}:2.4.1`,
    kind: 'compose',
    run: null,
    state: 'running',
    exitCode: 0,
    startedAt: '2026-11-17T01:00:00.000Z',
    finishedAt: '',
    restarts: 0,
    comesBack: true,
    health: {
      status: 'healthy',
      since: '2026-11-17T02:57:30.000Z',
      orLonger: true,
      neverPassed: false,
      said: '',
    },
    answers: true,
    asked: service === 'api' ? true : null,
    cpus: 0.123,
    memoryBytes: 312 * mebibyte,
    cpuLimit: 2,
    memoryLimitBytes: 512 * mebibyte,
    endedByMemory: false,
    oomKills: 0,
    configHash: 'c0ffee',
    ...changed,
  };
}

/** HERMES's four services on a good day. */
export function stackLook(changed: Partial<StackLook> = {}): StackLook {
  const services = { api: 'api', postgres: 'database', redis: 'cache', nginx: 'proxy' };
  return {
    at: '2026-11-17T03:00:00.000Z',
    containers: Object.keys(services).map((service) => stackContainer({ service })),
    services: Object.entries(services).map(([service, role]) => ({ service, role, asked: null })),
    front: { requests: 4, failed: 0, path: '/health', failure: '', inVain: [] },
    ...changed,
  };
}
