import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderServices } from '../../../src/cli/render-services.ts';
import type { Finding, StackContainer } from '../../../src/procedures/list-services.ts';
import { stackContainer, stackLook } from '../workflows/stack-look-fakes.ts';

const rendered = (containers: StackContainer[], findings: Finding[] = []): string[] =>
  stripVTControlCharacters(renderServices({ ...stackLook({ containers }), findings })).split('\n');

test('a container has two lines: what it is and its state, its use beside its limits, who asks it and who made it', () => {
  expect(
    rendered([
      stackContainer(),
      stackContainer({
        name: 'hermes_api_2',
        kind: 'replica',
        asked: false,
        memoryBytes: 1.5 * 1024 ** 3,
        memoryLimitBytes: 2 * 1024 ** 3,
      }),
    ]),
  ).toEqual([
    'service  container         state           up since    CPU                 nginx',
    '         image             health          restarts    memory              made by',
    'api      hermes-api        running         01:00Z      0.12 of 2 CPUs      asks it',
    '         hermes-api:2.4.1  healthy >2 min  0 restarts  312 MiB of 512 MiB  compose',
    'api      hermes_api_2      running         01:00Z      0.12 of 2 CPUs      does not',
    '         hermes-api:2.4.1  healthy >2 min  0 restarts  1.5 GiB of 2 GiB    replica',
  ]);
});

test.each<[string, Partial<StackContainer>, RegExp]>([
  [
    'that ended',
    { state: 'exited', exitCode: 137, finishedAt: '2026-11-17T02:58:00.000Z', cpus: null, memoryBytes: null },
    /exited with 137 .*\n.*since 02:58Z/,
  ],
  ['that crashes', { state: 'restarting', exitCode: 1, restarts: 7 }, /restarting after 1 .*\n.*7 restarts/],
  ['that does not answer', { answers: false }, /running, no answer/],
  ['without limits', { cpuLimit: null, memoryLimitBytes: null }, /0\.12 CPUs .*\n.*312 MiB +compose/],
  ['of another day', { startedAt: '2026-11-15T23:10:00.000Z' }, /11-15 23:10Z/],
  [
    'that is unhealthy',
    {
      health: {
        status: 'unhealthy',
        since: '2026-11-16T22:00:00.000Z',
        orLonger: false,
        neverPassed: true,
        said: '',
      },
    },
    /unhealthy 5 h/,
  ],
])('a container %s is told so', (_, changed, said) => {
  expect(rendered([stackContainer(changed)]).join('\n')).toMatch(said);
});

test('below the table stands what is in trouble, and what else is to be known', () => {
  const findings = [
    { trouble: true, about: 'hermes-api', text: 'it is paused' },
    { trouble: false, about: 'hermes-nginx', text: 'its check has never passed' },
  ];
  expect(rendered([stackContainer()], findings).slice(-3)).toEqual([
    '',
    'hermes-api: it is paused',
    'hermes-nginx: its check has never passed',
  ]);
});

test('the table fits 100 columns whatever the names are, and keeps their ends', () => {
  const long = `hermes-production-eu-central-${'x'.repeat(80)}-api-12`;
  const [head = '', , line = ''] = rendered([
    stackContainer({ name: long, image: long, service: long, asked: true }),
  ]);
  expect(line).toMatch(/ hermes-p\S*…\S*api-12 /);
  expect([head.length, line.length]).toEqual([98, 100]);

  const name = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,120}$/);
  const container = fc
    .record({
      service: name,
      name,
      image: name,
      state: fc.constantFrom('running', 'restarting', 'exited', 'paused', 'created', 'dead'),
      exitCode: fc.integer({ min: 0, max: 255 }),
      restarts: fc.nat(100_000),
      answers: fc.constantFrom(true, false, null),
      cpus: fc.option(fc.double({ min: 0, max: 512, noNaN: true })),
      memoryBytes: fc.option(fc.nat(2 ** 31)),
      memoryLimitBytes: fc.option(fc.maxSafeNat()),
      endedByMemory: fc.boolean(),
      finishedAt: fc.constantFrom('', '2026-10-01T02:58:00.000Z'),
    })
    .map(stackContainer);
  fc.assert(
    fc.property(fc.array(container, { maxLength: 6 }), (containers) => {
      const lines = rendered(containers);
      expect(lines).toHaveLength(2 + 2 * containers.length);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
    }),
  );
});
