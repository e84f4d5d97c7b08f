import { type ScheduleHandle, ScheduleOverlapPolicy, type WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AutoscaleReport } from '../../src/workflows/autoscale.ts';
import type { ScaleReport } from '../../src/workflows/scale-service.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { install, type Installation, schedulesOff } from './support/installation.ts';
import { sandboxClient, until } from './support/sandbox-client.ts';
import { serviceState } from './support/service-state.ts';

const busyMs = 20;
const askedAtOnce = 2;
/** So little that customers make it busy on any machine. */
const cpusOfOne = 0.25;

let hermes: Installation;
let looks: ScheduleHandle;
beforeAll(async () => {
  hermes = await install('autoscale', { rows: 500 });
  const sections = {
    ...schedulesOff,
    scaling: { watch: '1s', drainWithin: '10s' },
    autoscaling: {
      enabled: true,
      maximum: 2,
      askAbove: 2,
      targets: { cpu: 0.4 },
      scaleOutAfter: '1s',
      scaleInAfter: '1s',
    },
  };
  await hermes.writeStack({ sections });
  await hermes.startWorker();
  looks = hermes.client.schedule.getHandle(`${hermes.project}/autoscale`);
  // The test says when: a look of its own minute would be one too many. Paused, it can still be triggered.
  const isThere = (): Promise<boolean> =>
    looks.describe().then(
      () => true,
      () => false,
    );
  await until('the schedule is there', isThere, 60_000);
  await looks.pause('a test');
  for (const id of await started()) await hermes.client.workflow.getHandle(id).result();
  await hermes.docker.getContainer(hermes.sandbox.containers.api).update({ NanoCpus: cpusOfOne * 1e9 });
});
afterAll(() => hermes?.close());

async function started(): Promise<string[]> {
  const { info } = await looks.describe();
  return info.recentActions.map(({ action }) => action.workflow.workflowId);
}

type Result = ProcedureResult<AutoscaleReport>;

/** One look of the schedule, to its end. */
async function look(): Promise<{ result: Result; handle: WorkflowHandle }> {
  const before = new Set(await started());
  // As it is at its own minute: only then Temporal hands on the result of the look before.
  await looks.trigger(ScheduleOverlapPolicy.SKIP);
  let id: string | undefined;
  await until('the look has begun', async () => {
    id = (await started()).find((one) => !before.has(one));
    return id !== undefined;
  });
  const handle = hermes.client.workflow.getHandle(id ?? '');
  const result: Result = await handle.result();
  return { result, handle };
}

/** Customers whose requests keep the api's CPUs busy. */
async function keepBusy(): Promise<{ stop(): Promise<void> }> {
  const client = await sandboxClient(hermes.sandbox);
  let goesOn = true;
  const ask = async (): Promise<void> => {
    while (goesOn) await client.ask(`/api/v1/work?ms=${busyMs}`).catch(() => undefined);
  };
  const asking = Promise.all(Array.from({ length: askedAtOnce }, ask));
  return {
    async stop() {
      goesOn = false;
      await asking;
      await client.close();
    },
  };
}

/** The scaling that a look has started. */
async function scalingOf({ workflowId }: WorkflowHandle) {
  const found = hermes.client.workflow.list({ query: `WorkflowType = 'scaleService'` });
  for await (const run of found) {
    if (!run.workflowId.startsWith(`scale-service-${workflowId}`)) continue;
    const handle = hermes.client.workflow.getHandle(run.workflowId);
    const result = (await handle.result()) as ProcedureResult<ScaleReport>;
    return { result, status: await handle.query<{ by: string; reason: string }>('status') };
  }
  throw new Error(`${workflowId} has started no scaling.`);
}

test('busy customers get a second container, with the reason in its record; when they have gone, it goes', async () => {
  const customers = await keepBusy();
  const first = await look();
  expect(first.result.summary).toContain('not yet every look of the window');
  const second = await look();
  await customers.stop();
  expect(second.result).toMatchObject({ outcome: 'done', report: { decision: { replicas: 2 } } });
  const out = await scalingOf(second.handle);
  expect(out.result).toMatchObject({ outcome: 'done', report: { before: 1, after: 2 } });
  expect(out.status).toMatchObject({
    by: 'autoscaling',
    reason: expect.stringMatching(/^CPU \d+ % \(target CPU 40 %\): 1 → 2$/),
  });
  expect((await serviceState(hermes)).containers).toHaveLength(2);

  const third = await look();
  expect(third.result.report?.decision).toMatchObject({ replicas: 1 });
  const back = await scalingOf(third.handle);
  expect(back.result).toMatchObject({ outcome: 'done', report: { before: 2, after: 1 } });
  expect((await serviceState(hermes)).containers).toHaveLength(1);
});
