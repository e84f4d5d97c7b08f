import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, test } from 'vitest';
import { historyToText } from './history-text.ts';
import type { Obtained } from '../../src/activities/contract/certificates.ts';
import { after, ending } from '../unit/workflows/certificate-fakes.ts';
import { type World, world } from '../unit/workflows/fakes.ts';
import { container, load, resizePlan, serviceLook } from '../unit/workflows/service-fakes.ts';
import { stackContainer, stackLook } from '../unit/workflows/stack-look-fakes.ts';
import {
  cancelAsking,
  realRuns,
  statusWhen,
  type TimeSkipping,
  timeSkipping,
} from '../unit/workflows/time-skipping.ts';

// Records a history of every procedure and of every way out of it: `npm run record-histories`. Run it for a new
// procedure. Never to make a failed replay pass: runs that wait for a day were started by the code of before.

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal.close());

interface Recording {
  file: string;
  workflowType: string;
  input: Record<string, unknown>;
  scene?: World;
  act?: (handle: WorkflowHandle) => Promise<unknown>;
}

const restore = { workflowType: 'restoreDatabase', input: { backup: 'latest', by: 'chris' } };
const failing = (type: string) => async (): Promise<never> => {
  throw ApplicationFailure.nonRetryable(`${type} in a recording`, type);
};

async function plan(handle: WorkflowHandle, phase: string): Promise<string> {
  const status = await statusWhen(handle, (now) => now.phase === phase && now.question !== undefined);
  return status.question?.plan ?? '';
}

async function approve(handle: WorkflowHandle): Promise<void> {
  await handle.signal('approve', { by: 'dana', plan: await plan(handle, 'waiting-for-answer') });
}

const inUndoWindow =
  (verb: 'keep' | 'rollback') =>
  async (handle: WorkflowHandle): Promise<void> => {
    await approve(handle);
    await handle.executeUpdate(verb, { args: [{ by: 'dana', plan: await plan(handle, 'undo-window') }] });
  };

const now = (): Promise<number> => temporal.environment.currentTimeMs().then(Number);
const renewal = { workflowType: 'renewCertificate', input: { by: 'chris' } };
const due = { lookAtCertificates: ending(10, now) };
const limited = { outcome: 'rate-limited', text: 'too many certificates', retryAfterMs: 7_200_000 } as const;
const ordered = { outcome: 'obtained', certificate: after, durationMs: 4_000 } as const;

const recordings: Recording[] = [
  { file: 'backup-database.done', workflowType: 'backupDatabase', input: { by: 'chris' } },
  { file: 'backup-database.planned', workflowType: 'backupDatabase', input: { dryRun: true } },
  {
    file: 'backup-database.failed',
    workflowType: 'backupDatabase',
    input: {},
    scene: world({ readBackAndPublish: failing('DamagedBackup') }),
  },
  { file: 'check-backup.done', workflowType: 'checkBackup', input: { backup: 'latest' } },
  { file: 'list-backups.done', workflowType: 'listBackups', input: {} },
  { file: 'list-certificates.done', workflowType: 'listCertificates', input: {} },
  { file: 'list-services.done', workflowType: 'listServices', input: {} },
  {
    file: 'list-services.trouble',
    workflowType: 'listServices',
    input: {},
    scene: world({
      lookAtStack: async () =>
        stackLook({ containers: [stackContainer({ state: 'exited', exitCode: 137 })] }),
    }),
  },
  {
    file: 'list-services.engine-away',
    workflowType: 'listServices',
    input: {},
    scene: world({ lookAtStack: failing('Unreachable') }),
  },
  { ...renewal, file: 'renew-certificate.not-due' },
  { ...renewal, file: 'renew-certificate.done', scene: world(due) },
  { ...renewal, file: 'renew-certificate.planned', input: { dryRun: true }, scene: world(due) },
  { ...renewal, file: 'renew-certificate.forced', input: { force: true }, act: approve },
  {
    ...renewal,
    file: 'renew-certificate.rate-limited',
    scene: world({ ...due, obtainCertificate: firstThen<Obtained>(limited, ordered) }),
  },
  {
    ...renewal,
    file: 'renew-certificate.rolled-back',
    scene: world({ ...due, checkClients: failing('NotServed') }),
  },
  {
    ...renewal,
    file: 'renew-certificate.failed',
    scene: world({ ...due, tryChallenge: failing('ChallengeFailed') }),
  },
  { file: 'install-certificate.done', workflowType: 'installCertificate', input: {}, act: approve },
  {
    file: 'install-certificate.rolled-back',
    workflowType: 'installCertificate',
    input: {},
    scene: world({ checkClients: failing('NotServed') }),
    act: approve,
  },
  { file: 'sweep-leftovers.done', workflowType: 'sweepLeftovers', input: {} },
  { ...restore, file: 'restore-database.planned', input: { backup: 'latest', dryRun: true } },
  { ...restore, file: 'restore-database.not-approved' },
  {
    ...restore,
    file: 'restore-database.rejected',
    act: async (handle) =>
      handle.signal('reject', { by: 'dana', plan: await plan(handle, 'waiting-for-answer') }),
  },
  { ...restore, file: 'restore-database.window-passed', act: approve },
  { ...restore, file: 'restore-database.kept', act: inUndoWindow('keep') },
  { ...restore, file: 'restore-database.rolled-back', act: inUndoWindow('rollback') },
  {
    ...restore,
    file: 'restore-database.read-only',
    input: { backup: 'latest', fence: 'read-only' },
    act: approve,
  },
  { ...restore, file: 'restore-database.stopped', input: { backup: 'latest', fence: 'stop' }, act: approve },
  {
    ...restore,
    file: 'restore-database.verification-failed',
    scene: world({ verifyShadow: failing('VerificationFailed') }),
    act: approve,
  },
  {
    ...restore,
    file: 'restore-database.swapped-back',
    scene: world({ smokeTest: failing('SmokeTestFailed') }),
    act: approve,
  },
  {
    ...restore,
    file: 'restore-database.restarted',
    scene: world({
      awaitReconnection: firstThen({ reconnected: false, afterMs: 1 }, { reconnected: true, afterMs: 1 }),
    }),
    act: approve,
  },
  {
    ...restore,
    file: 'restore-database.cancelled',
    act: cancelAsking,
  },
  ...['rolling', 'in-place', 'recreate'].map((strategy) => ({
    file: `restart-service.${strategy}`,
    workflowType: 'restartService',
    input: { service: 'api', strategy, by: 'chris' },
  })),
  {
    file: 'restart-service.planned',
    workflowType: 'restartService',
    input: { service: 'api', dryRun: true },
  },
  {
    file: 'restart-service.cache',
    workflowType: 'restartService',
    input: { service: 'redis' },
    scene: world({
      lookAtService: async () => serviceLook({ service: 'redis', role: 'cache', stateful: true }),
    }),
  },
  {
    file: 'restart-service.database',
    workflowType: 'restartService',
    input: { service: 'postgres' },
    scene: world({
      lookAtService: async () => serviceLook({ service: 'postgres', role: 'database', stateful: true }),
    }),
    act: approve,
  },
  {
    file: 'restart-service.brought-back',
    workflowType: 'restartService',
    input: { service: 'api' },
    scene: world({ restartContainer: failing('ContainerFailed') }),
  },
  { file: 'scale-service.out', workflowType: 'scaleService', input: { service: 'api', replicas: 3 } },
  {
    file: 'scale-service.in',
    workflowType: 'scaleService',
    input: { service: 'api', replicas: 1 },
    scene: world({
      lookAtService: async () =>
        serviceLook({ containers: [1, 2, 3].map((number) => container({ number })) }),
    }),
  },
  { file: 'scale-service.nothing', workflowType: 'scaleService', input: { service: 'api', replicas: 1 } },
  {
    file: 'scale-service.taken-back',
    workflowType: 'scaleService',
    input: { service: 'api', replicas: 2 },
    scene: world({ watchContainers: failing('ContainerFailed') }),
  },
  ...[{ file: 'resize-service.done' }, { file: 'resize-service.planned', dryRun: true }].map(
    ({ file, ...more }) => ({
      file,
      workflowType: 'resizeService',
      input: { service: 'api', cpus: 2, ...more },
    }),
  ),
  {
    file: 'resize-service.approved',
    workflowType: 'resizeService',
    input: { service: 'api', cpus: 2 },
    scene: world({ planResize: async () => resizePlan({ asks: ['it is more than the stack file allows'] }) }),
    act: approve,
  },
  {
    file: 'resize-service.given-back',
    workflowType: 'resizeService',
    input: { service: 'api', cpus: 2 },
    scene: world({ verifyLimits: failing('ContainerFailed') }),
  },
  { file: 'autoscale.nothing', workflowType: 'autoscale', input: {} },
  {
    file: 'autoscale.off',
    workflowType: 'autoscale',
    input: {},
    scene: world({ lookAtLoad: async () => load({ enabled: false }) }),
  },
  { file: 'rebalance-proxy.done', workflowType: 'rebalanceProxy', input: {} },
  { file: 'sweep-leftovers.settled', workflowType: 'sweepLeftovers', input: {} },
  { file: 'sweep-leftovers.certificates', workflowType: 'sweepLeftovers', input: {} },
  // Since a restore holds the api's service too.
  { ...restore, file: 'restore-database.two-locks', act: inUndoWindow('keep') },
  { ...restore, file: 'restore-database.two-locks-undone', act: inUndoWindow('rollback') },
  // Since it takes the api's lock only before the swap.
  { ...restore, file: 'restore-database.api-locked-at-the-swap', act: inUndoWindow('rollback') },
  {
    ...restore,
    file: 'restore-database.stopped-under-lock',
    input: { backup: 'latest', fence: 'stop' },
    act: inUndoWindow('keep'),
  },
  { file: 'restart-service.beside-restore', workflowType: 'restartService', input: { service: 'api' } },
];

function firstThen<T>(first: T, then: T): () => Promise<T> {
  let calls = 0;
  return () => {
    calls += 1;
    return Promise.resolve(calls === 1 ? first : then);
  };
}

test.each(recordings)('record $file', async ({ file, workflowType, input, scene = world(), act }) => {
  await temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () => {
    const handle = await temporal.start(workflowType, `recorded-${file}`, [input]);
    await act?.(handle);
    await handle.result().catch(() => undefined);
    const path = fileURLToPath(new URL(`histories/${file}.json`, import.meta.url));
    await writeFile(path, historyToText(await handle.fetchHistory()));
  });
});
