import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, test } from 'vitest';
import { world } from '../unit/workflows/fakes.ts';
import { container, load, resizePlan, serviceLook } from '../unit/workflows/service-fakes.ts';
import { stackContainer, stackLook } from '../unit/workflows/stack-look-fakes.ts';
import { realRuns, type TimeSkipping, timeSkipping } from '../unit/workflows/time-skipping.ts';
import { certificateRecordings } from './certificate.recordings.ts';
import { historyToText } from './history-text.ts';
import { approve, failing, inUndoWindow, type Recording } from './recording.ts';
import { restore, restoreRecordings } from './restore.recordings.ts';

// Records a history of every procedure and of every way out of it: `npm run record-histories`. Run it for a new
// procedure. Never to make a failed replay pass: runs that wait for a day were started by the code of before.

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal.close());

const now = (): Promise<number> => temporal.environment.currentTimeMs().then(Number);

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
  ...certificateRecordings(now),
  { file: 'sweep-leftovers.done', workflowType: 'sweepLeftovers', input: {} },
  ...restoreRecordings,
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
  {
    file: 'scale-service.announced',
    workflowType: 'scaleService',
    input: { service: 'api', replicas: 2 },
    scene: world({
      lookAtProxy: async () => ({ container: 'n', names: ['api'], unsteerable: ['it resolves'], told: [] }),
    }),
  },
  { file: 'restart-service.beside-restore', workflowType: 'restartService', input: { service: 'api' } },
];

test.each(recordings)('record $file', async ({ file, workflowType, input, scene = world(), act }) => {
  await temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () => {
    const handle = await temporal.start(workflowType, `recorded-${file}`, [input]);
    await act?.(handle);
    await handle.result().catch(() => undefined);
    const path = fileURLToPath(new URL(`histories/${file}.json`, import.meta.url));
    await writeFile(path, historyToText(await handle.fetchHistory()));
  });
});
