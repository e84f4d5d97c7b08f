import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clearFaults, setFaults } from '../../scripts/sandbox/faults.ts';
import type { ResizeReport } from '../../src/workflows/resize-service.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { install, type Installation, schedulesOff } from './support/installation.ts';
import { refusalOf } from './support/refusals.ts';
import { openPlan, start } from './support/runs.ts';
import { bearableLoad, startTraffic } from './support/traffic.ts';

const gibibyte = 1024 ** 3;
/** Every machine has one CPU; the stack file's bound is below what the tests ask for at most. */
const bounds = { cpus: 0.9, memory: '3GiB' };

let hermes: Installation;
beforeAll(async () => {
  hermes = await install('resize', { rows: 500 });
  const services = { api: { limits: bounds } };
  await hermes.writeStack({
    sections: {
      ...schedulesOff,
      scaling: { watch: '1s' },
      compose: { project: hermes.project, services },
    },
  });
  await hermes.startWorker();
});
afterAll(() => hermes?.close());

type Result = ProcedureResult<ResizeReport>;
let count = 0;
const begin = (input: unknown): Promise<WorkflowHandle> =>
  start(hermes.client, 'resizeService', `resize-${(count += 1)}`, input);
const resize = (input: Record<string, unknown>): Promise<WorkflowHandle> =>
  begin({ service: 'api', by: 'chris', ...input });

async function limits(service: 'api' | 'redis' = 'api') {
  const { HostConfig, State } = await hermes.docker
    .getContainer(hermes.sandbox.containers[service])
    .inspect();
  const { Memory, MemorySwap, NanoCpus } = HostConfig;
  return { Memory, MemorySwap, NanoCpus, startedAt: State.StartedAt };
}

describe('the input', () => {
  const inputs: [string, unknown, RegExp][] = [
    ['nothing', {}, /`service` is missing/],
    ['a service alone', { service: 'api' }, /expected `cpus`, `memory` or both/],
    ['no CPUs', { service: 'api', cpus: 0 }, /`cpus` is 0 \(number\): expected a number from 0.1 to 512/],
    ['fewer than none', { service: 'api', cpus: -1 }, /`cpus` is -1 \(number\)/],
    ['a text for a number', { service: 'api', cpus: '2' }, /`cpus` is "2" \(string\): expected a number/],
    [
      'a number for a size',
      { service: 'api', memory: 4 },
      /`memory` is 4 \(number\): expected a size such as/,
    ],
    ['a size without a unit', { service: 'api', memory: '4' }, /`memory` is "4".*expected a size such as/],
    ['less than the engine takes', { service: 'api', memory: '5MiB' }, /a size from 6MiB to 1024GiB/],
    ['a list', [{ service: 'api', cpus: 1 }], /expected one JSON object/],
    ['a way out', { service: '../api', cpus: 1 }, /`service` is "..\/api".*expected a docker-compose name/],
    ['a field that there is not', { service: 'api', cpu: 1 }, /`cpu` is not a field/],
  ];
  test.each(inputs)('%s is refused at once, with the field and what is expected', async (_, input, words) => {
    expect(await refusalOf(await begin(input))).toEqual({
      type: 'InvalidInput',
      message: expect.stringMatching(words),
    });
  });

  const refusals: [string, Record<string, unknown>, string, RegExp][] = [
    ['a misspelled service', { service: 'apj', cpus: 0.5 }, 'UnknownService', /did you mean api\?/],
    ['more CPUs than the host has', { cpus: 512 }, 'NotEnoughRoom', /512 CPUs were asked for.*host has \d+/],
    [
      'more memory than the host has',
      { memory: '1024GiB' },
      'NotEnoughRoom',
      /1048576 MiB.*host has \d+ MiB/,
    ],
    ['less memory than is used', { memory: '32MiB' }, 'NotEnoughRoom', /uses \d+ MiB.*kill it.*or more/],
  ];
  test.each(refusals)('%s is refused, and nothing is changed', async (_, input, type, words) => {
    const before = await limits();
    expect(await refusalOf(await resize(input))).toEqual({ type, message: expect.stringMatching(words) });
    expect(await limits()).toEqual(before);
  });
});

describe('a resize', () => {
  test('that is only planned says what would happen and changes nothing', async () => {
    const before = await limits();
    const result: Result = await (await resize({ cpus: 0.8, memory: '2GiB', dryRun: true })).result();
    expect(result).toMatchObject({
      outcome: 'planned',
      plan: { lines: expect.arrayContaining([expect.stringMatching(/4\.0 GiB → 2\.0 GiB \(uses \d/)]) },
    });
    expect(await limits()).toEqual(before);
  });

  test('of the running api is noticed by nobody, and holds inside', async () => {
    const before = await limits();
    const traffic = await startTraffic(hermes.sandbox, bearableLoad);
    const result: Result = await (await resize({ cpus: 0.9, memory: '2GiB' })).result();
    const customers = await traffic.stop();
    expect(customers).toMatchObject({ failed: 0, cutStreams: 0 });
    expect(result).toMatchObject({
      outcome: 'done',
      summary: expect.stringMatching(/0\.9 CPUs and 2\.0 GiB .* without a restart/),
      report: {
        held: [{ cpus: 0.9, memoryBytes: 2 * gibibyte, seenBy: 'cgroup' }],
        composeLines: ["cpus: '0.9'", 'memory: 2G'],
      },
    });
    expect(await limits()).toEqual({
      Memory: 2 * gibibyte,
      MemorySwap: 4 * gibibyte,
      NanoCpus: 0.9e9,
      startedAt: before.startedAt,
    });
  });

  test('to what holds already says so and asks nobody', async () => {
    const result: Result = await (await resize({ cpus: 0.9, memory: '2G' })).result();
    expect(result).toMatchObject({
      outcome: 'done',
      summary: expect.stringMatching(/has these limits already/),
    });
  });

  test('above the stack file’s bounds waits for an approval, and is done after it', async () => {
    const handle = await resize({ cpus: 1, memory: '4GiB' });
    const plan = await openPlan(handle);
    expect(await limits()).toMatchObject({ NanoCpus: 0.9e9 });
    await handle.signal('approve', { by: 'dana', plan });
    const result: Result = await handle.result();
    expect(result.report?.plan.asks).toEqual([
      "1 CPUs are above the stack file's 0.9",
      "4096 MiB are above the stack file's 3072 MiB",
    ]);
    expect(await limits()).toMatchObject({ NanoCpus: 1e9, Memory: 4 * gibibyte, MemorySwap: 8 * gibibyte });
  });

  test('that is rejected changes nothing', async () => {
    const before = await limits();
    const handle = await resize({ memory: '5GiB' });
    await handle.signal('reject', { by: 'dana', plan: await openPlan(handle), reason: 'not now' });
    expect(await handle.result()).toMatchObject({ outcome: 'rejected' });
    expect(await limits()).toEqual(before);
  });

  test('to less memory asks first where data is kept', async () => {
    const handle = await resize({ service: 'redis', memory: '900MiB' });
    const plan = await openPlan(handle);
    await handle.signal('approve', { by: 'dana', plan });
    expect(await handle.result()).toMatchObject({
      report: { plan: { asks: [expect.stringMatching(/redis keeps data, and gets less memory/)] } },
    });
    expect((await limits('redis')).Memory).toBe(900 * 1024 ** 2);
  });

  test('to less memory is refused while a leak eats what is left', async () => {
    const before = await limits();
    await setFaults(hermes.sandbox, { leakMbPerSecond: 15 });
    await pause(1_000);
    try {
      expect(await refusalOf(await resize({ memory: '900MiB' }))).toEqual({
        type: 'NotEnoughRoom',
        message: expect.stringMatching(/grows by 1\d MiB a second: with 900 MiB.*See to the leak first/),
      });
      expect(await limits()).toEqual(before);
    } finally {
      await clearFaults(hermes.sandbox);
    }
  });

  test('from the command line takes numbers and sizes', async () => {
    const run = await hermes.hermesOps(
      'run',
      'resize-service',
      '--service',
      'api',
      '--cpus',
      '0.7',
      '--memory',
      '2G',
    );
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/0\.7 CPUs and 2\.0 GiB/) });
    const bad = await hermes.hermesOps('run', 'resize-service', '--service', 'api', '--cpus', 'two');
    expect(bad.stderr).toMatch(/`cpus` is "two" \(string\): expected a number/);
  });
});
