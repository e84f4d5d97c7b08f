import { describe, expect, test } from 'vitest';
import type { StackContainer, StackLook } from '../../../../src/procedures/list-services.ts';
import { describeStack, findingsOf } from '../../../../src/workflows/steps/services-findings.ts';
import { stackContainer, stackLook } from '../stack-look-fakes.ts';

/** A good day, but for one more container, or for the api where that is changed. */
const butFor = (changed: Partial<StackContainer>): StackLook => {
  const good = stackLook().containers;
  const container = stackContainer(changed);
  return stackLook({ containers: [container, ...good.filter(({ name }) => name !== container.name)] });
};

const unhealthy = {
  status: 'unhealthy',
  since: '2026-11-17T02:30:00.000Z',
  orLonger: false,
  said: 'refused',
};
const run = { workflowId: 'restart-1', procedure: 'restartService', goesOn: false };

describe('a good day', () => {
  test('is said in a line, and finds nothing', () => {
    expect(findingsOf(stackLook())).toEqual([]);
    expect(describeStack(stackLook(), [])).toBe('All 4 containers are as they should be.');
  });
});

describe('in trouble is', () => {
  test.each<[string, Partial<StackContainer>, RegExp]>([
    ['what was killed', { state: 'exited', exitCode: 137 }, /ended with exit code 137, killed$/],
    [
      'what its memory limit killed',
      { state: 'exited', exitCode: 137, endedByMemory: true, finishedAt: '2026-11-17T02:58:00.000Z' },
      /137, killed by its memory limit at 2026-11-17 02:58 UTC/,
    ],
    ['what ended well and should run', { state: 'exited' }, /ended with exit code 0/],
    ['what crashes', { state: 'restarting', exitCode: 1, restarts: 7 }, /again and again, 7 times.*code 1/],
    [
      'what crashes, and runs for a moment',
      { restarts: 7, startedAt: '2026-11-17T02:59:55.000Z' },
      /ended 7 times by itself/,
    ],
    ['what is paused', { state: 'paused' }, /paused/],
    ['what was never started', { state: 'created' }, /never started/],
    ['what runs and does not answer', { answers: false }, /does not answer/],
    [
      'what has become unhealthy',
      { health: { ...unhealthy, neverPassed: false } },
      /^unhealthy since 2026-11-17 02:30 UTC: refused$/,
    ],
  ])('%s', (_, changed, said) => {
    const look = butFor(changed);
    const findings = findingsOf(look);
    expect(findings).toEqual([{ trouble: true, about: 'hermes-api', text: expect.stringMatching(said) }]);
    expect(describeStack(look, findings)).toMatch(/in trouble: hermes-api\.$/);
  });

  test('a service of the stack file without a container, and a proxy that does not run', () => {
    const containers = stackLook().containers.filter(({ service }) => service !== 'nginx');
    expect(findingsOf(stackLook({ containers, front: null }))).toMatchObject([
      { trouble: true, about: 'nginx', text: expect.stringContaining('has no container') },
      { trouble: true, about: 'nginx', text: expect.stringContaining('customers get no answer') },
    ]);
  });

  test('what customers do not get', () => {
    const front = { requests: 8, failed: 3, path: '/health', failure: 'status 502', inVain: [] };
    expect(findingsOf(stackLook({ front }))).toEqual([
      { trouble: true, about: 'nginx', text: '3 of 8 requests for /health through nginx failed: status 502' },
    ]);
  });
});

test('an address that nginx asks in vain is trouble while others answer', () => {
  const front = { requests: 4, failed: 0, path: '/health', failure: '', inVain: ['172.20.0.9'] };
  expect(findingsOf(stackLook({ front }))).toEqual([
    {
      trouble: true,
      about: 'nginx',
      text: expect.stringMatching(/^it asks 172\.20\.0\.9, where no container/),
    },
  ]);
  const down = stackContainer({ state: 'exited', exitCode: 1, answers: null });
  expect(findingsOf(stackLook({ front, containers: [down, ...others()] }))).toMatchObject([
    { about: 'hermes-api' },
  ]);
});

describe('only good to know is', () => {
  test.each<[string, Partial<StackContainer>, RegExp]>([
    [
      'a health check that has never passed since the start',
      { service: 'nginx', health: { ...unhealthy, neverPassed: true } },
      /^Docker calls it unhealthy since its start at .*: its check has never passed: refused$/,
    ],
    ['a crash that is over', { restarts: 1 }, /ended 1 time by itself/],
    ['a process that was killed for want of memory', { oomKills: 2 }, /^2 processes in it killed/],
    ['what nginx does not ask', { asked: false }, /rebalance-proxy --service api/],
    [
      'a container of other limits than its twin',
      { name: 'hermes_api_2', kind: 'replica', cpuLimit: 1 },
      /limits differ from those of/,
    ],
    ['what an ended run left over', { name: 'copy', kind: 'bridge', run }, /^left over: .*restart-1/],
    [
      'what a run keeps for its way back',
      { name: 'hermes-api.before-1', kind: 'former', state: 'exited', run: { ...run, goesOn: true } },
      /kept for the way back, of restartService .* goes on/,
    ],
    ['a job that ended', { name: 'job', kind: 'job', state: 'exited', run }, /^left over: a job/],
  ])('%s', (_, changed, said) => {
    const look = butFor(changed);
    const findings = findingsOf(look);
    expect(findings).toEqual([
      { trouble: false, about: expect.any(String), text: expect.stringMatching(said) },
    ]);
    expect(describeStack(look, findings)).toMatch(/as they should be; 1 thing to know\.$/);
  });

  test('that replicas were taken away', () => {
    const asked = { replicas: 3, at: '2026-11-17T02:00:00.000Z', by: 'chris' };
    const look = stackLook();
    const services = look.services.map((one) => (one.service === 'api' ? { ...one, asked } : one));
    expect(findingsOf({ ...look, services })).toEqual([
      {
        trouble: false,
        about: 'api',
        text: expect.stringMatching(/^chris asked for 3 of api .* 1 are there.*took the others away$/),
      },
    ]);
  });

  test('whom nginx asks in place of a container that is being restarted', () => {
    const bridge = stackContainer({ name: 'copy', kind: 'bridge', run: { ...run, goesOn: true } });
    const look = stackLook({ containers: [stackContainer({ asked: false }), bridge, ...others()] });
    expect(findingsOf(look).map(({ text }) => text)).toEqual([
      'nginx asks copy in its place',
      'the copy that carries the traffic meanwhile of restartService (workflow restart-1), which goes on',
    ]);
  });
});

describe('nothing is said', () => {
  test('of a service that does its work and ends well', () => {
    const migration = { service: 'migrate', state: 'exited', comesBack: false };
    expect(findingsOf(butFor(migration))).toEqual([]);
    expect(findingsOf(butFor({ ...migration, exitCode: 1 }))).toMatchObject([{ trouble: true }]);
  });

  test('of what could not be seen', () => {
    expect(findingsOf(butFor({ asked: null, answers: null, oomKills: null, health: null }))).toEqual([]);
  });
});

function others(): StackContainer[] {
  return stackLook().containers.filter(({ service }) => service !== 'api');
}
