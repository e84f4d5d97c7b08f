import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WorkerProcess } from '../../scripts/worker-process.ts';
import { handshake } from '../../scripts/sandbox/handshake.ts';
import {
  type CertificateInstallation,
  installWithAuthority,
} from '../e2e/support/certificate-installation.ts';
import { createCertificatesActivities } from '../../src/activities/certificates/activities.ts';
import { obtainWithoutProxy } from '../../src/activities/certificates/standalone.ts';
import type { Setting } from '../../src/activities/setting.ts';
import { readEnvironment } from '../../src/environment.ts';
import { loadStack } from '../../src/stack/load.ts';
import { createSetting } from '../../src/worker/setting.ts';
import { onDisk } from '../e2e/support/certificate-ground.ts';
import { attemptOf, failureOf } from '../e2e/support/run.ts';
import { openPlan, statusWhen } from '../e2e/support/runs.ts';
import { until } from './support/moments.ts';

let hermes: CertificateInstallation;
let worker: WorkerProcess;
let before: string;

beforeAll(async () => {
  hermes = await installWithAuthority('standalone', { worker: false });
  worker = await hermes.restartWorker({ challenge: 'standalone' });
});
afterAll(() => hermes?.close());
beforeEach(async () => {
  await nginx().start().catch(isStartedAlready);
  before = await hermes.prepare();
});

const nginx = () => hermes.docker.getContainer(hermes.sandbox.containers.nginx);
const noteFile = (): string => join(hermes.sandbox.folders.ssl, 'cert.pem.nginx-stopped');

function isStartedAlready(error: unknown): void {
  if (!(error instanceof Error && 'statusCode' in error && error.statusCode === 304)) throw error;
}

async function isRunning(): Promise<boolean> {
  return (await nginx().inspect()).State.Running;
}

async function untilRunning(): Promise<void> {
  await until('nginx runs', async () => (await isRunning()) || undefined);
}

async function orders(): Promise<string[]> {
  const label = [`hermes-ops.stack=${hermes.project}`];
  const found = await hermes.docker.listContainers({ all: true, filters: { label } });
  return found.flatMap(({ Names }) => Names);
}

async function removeOrders(): Promise<void> {
  for (const name of await orders()) await hermes.docker.getContainer(name.slice(1)).remove({ force: true });
}

/** A renewal whose order stands at the authority's door: nginx is stopped, and stays so until the test goes on. */
async function inTheMiddle(): Promise<{ handle: WorkflowHandle; order: { release: () => void } }> {
  const order = hermes.front.hold();
  const handle = await hermes.renew();
  await handle.signal('approve', { by: 'dana', plan: await openPlan(handle) });
  await order.reached;
  expect(await isRunning()).toBe(false);
  return { handle, order };
}

/** As before the renewal: the old certificate is served, and nothing is left of the order. */
async function expectAsBefore(): Promise<void> {
  await untilRunning();
  await until('customers get the certificate from before', async () => {
    const seen = await handshake(hermes.sandbox);
    return 'fingerprint' in seen && seen.fingerprint === before ? true : undefined;
  });
  expect(await onDisk(hermes.sandbox)).toEqual({ fingerprint: before, isPair: true });
  await until('the note is gone', () =>
    stat(noteFile()).then(
      () => undefined,
      () => true,
    ),
  );
  expect(await orders()).toEqual([]);
}

/** What a worker works with, for this process. */
async function settingHere(): Promise<Setting> {
  const environment = readEnvironment(hermes.variables);
  return createSetting(environment, await loadStack(environment.stackFile), hermes.client);
}

/** The worker dies while nginx is stopped, and the run is terminated before another one starts. */
async function abandoned(): Promise<void> {
  const { handle, order } = await inTheMiddle();
  await worker.kill();
  await handle.terminate('pressed in the Web UI');
  order.release();
}

describe('nginx, stopped for an order,', () => {
  test('is started by the next worker when the first one is killed; there is one order, and the new certificate is served', async () => {
    const { handle, order } = await inTheMiddle();
    await worker.kill();
    order.release();
    worker = await hermes.startWorker();
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    expect(await isRunning()).toBe(true);
    const seen = await handshake(hermes.sandbox);
    expect(seen).toMatchObject({ protocol: 'h2' });
    expect(seen).not.toMatchObject({ fingerprint: before });
    expect(hermes.front.orders).toHaveLength(1);
    expect(await orders()).toEqual([]);
  });

  test('is started by the next worker though its order cannot go on', async () => {
    const { handle, order } = await inTheMiddle();
    await worker.kill();
    await removeOrders();
    // The one at the door, whose certbot is gone, and the next one.
    hermes.front.refuse(2, 429, 3_600);
    order.release();
    worker = await hermes.startWorker();
    await statusWhen(handle, ({ timeline }) =>
      timeline.some(({ text }) => text.startsWith('The authority limits')),
    );
    await expectAsBefore();
  });

  test('comes back when the run is cancelled', async () => {
    const { handle, order } = await inTheMiddle();
    await handle.cancel();
    expect(await failureOf(handle.result())).toMatchObject({ name: 'WorkflowFailedError' });
    expect(await isRunning()).toBe(true);
    await expectAsBefore();
    order.release();
  });

  test('comes back when the run is terminated', async () => {
    const { handle, order } = await inTheMiddle();
    await handle.terminate('pressed in the Web UI');
    await expectAsBefore();
    order.release();
  });

  test('comes back when the worker is told to stop, before it is gone', async () => {
    const { handle, order } = await inTheMiddle();
    await worker.stop();
    expect(await isRunning()).toBe(true);
    await handle.terminate('enough');
    await expectAsBefore();
    order.release();
    worker = await hermes.startWorker();
  });

  test('is started by the next worker when the run is terminated while there is none', async () => {
    await abandoned();
    expect(await isRunning()).toBe(false);
    worker = await hermes.startWorker();
    await expectAsBefore();
  });

  test('is started by a sweep, where no worker starts', async () => {
    await abandoned();
    const { sweepCertificates } = createCertificatesActivities(await settingHere());
    const { removed } = await attemptOf({ procedure: 'sweepLeftovers' }).do(sweepCertificates);
    expect(removed).toContain(`the stop of ${hermes.sandbox.containers.nginx} (started again)`);
    await expectAsBefore();
    worker = await hermes.startWorker();
  });
});

describe('an attempt', () => {
  const request = { certificateFile: '/etc/nginx/ssl/cert.pem', replaces: null };
  const run = { procedure: 'renewCertificate', activityId: '7' };
  let setting: Setting;

  beforeAll(async () => {
    await worker.stop();
    // These attempts belong to no run of Temporal's.
    setting = { ...(await settingHere()), isAlive: async () => true };
  });
  afterAll(async () => {
    worker = await hermes.startWorker();
  });

  test('whose order hangs gives up after its time, and starts nginx', async () => {
    const order = hermes.front.hold();
    const obtained = await attemptOf(run).do(() => obtainWithoutProxy(setting, request, 5_000));
    expect(obtained).toMatchObject({ outcome: 'authority-away' });
    await expectAsBefore();
    order.release();
  });

  test('that a later one has taken the place of leaves nginx to it', async () => {
    const order = hermes.front.hold();
    const first = attemptOf(run);
    const frozen = failureOf(first.do(() => obtainWithoutProxy(setting, request)));
    await order.reached;
    const second = attemptOf({ ...run, runId: first.runId, attempt: 2 });
    const waits = second.progress(/certbot asks/);
    const obtained = second.do(() => obtainWithoutProxy(setting, request));
    await waits;
    first.cancel('NOT_FOUND');
    await frozen;
    expect(await isRunning()).toBe(false);
    expect(await orders()).toHaveLength(1);
    order.release();
    expect(await obtained).toMatchObject({ outcome: 'obtained' });
    expect(await isRunning()).toBe(true);
    expect(hermes.front.orders).toHaveLength(1);
  });
});

test('nginx that a person stopped after such a run stays stopped', async () => {
  await abandoned();
  // As a person does it: certbot stands on nginx's port.
  await removeOrders();
  await nginx().start();
  await nginx().stop({ t: 1 });
  worker = await hermes.startWorker();
  await until('the note is gone', () =>
    stat(noteFile()).then(
      () => undefined,
      () => true,
    ),
  );
  expect(await isRunning()).toBe(false);
});
