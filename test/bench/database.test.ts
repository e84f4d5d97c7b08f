import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BackupReport } from '../../src/workflows/backup-database.ts';
import type { RestoreReport } from '../../src/workflows/restore-database.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import { install, type Installation } from '../e2e/support/installation.ts';
import { openPlan, start } from '../e2e/support/runs.ts';
import { dumpByHand, restoreByHand } from './support/by-hand.ts';
import { bench, inTurns, report, timed } from './support/compare.ts';
import { type Noticed, startCustomers } from './support/customers.ts';

const megabyte = 1_000_000;
let hermes: Installation;
let dump: string;

beforeAll(async () => {
  hermes = await install('bench-database', { rows: bench.rows });
  dump = join(hermes.directory, 'by-hand', 'backup.sql');
  await mkdir(join(hermes.directory, 'by-hand'));
  await hermes.startWorker();
});
afterAll(() => hermes?.close());

interface Measured {
  seconds: number;
  noticed: Noticed;
  sizeBytes: number;
}

/** Under load, after a checkpoint: the one before must not pay for the other. */
async function measured(act: () => Promise<number>): Promise<Measured> {
  await hermes.sql('checkpoint');
  const customers = startCustomers(hermes.sandbox, bench.requestsPerSecond);
  const [sizeBytes, seconds] = await timed(act);
  return { seconds, noticed: await customers.stop(), sizeBytes };
}

let count = 0;
async function backUp(): Promise<BackupReport['backup']> {
  count += 1;
  const handle = await start(hermes.client, 'backupDatabase', `bench-backup-${count}`, { by: 'chris' });
  const { report: done }: ProcedureResult<BackupReport> = await handle.result();
  if (done === undefined) throw new Error('A backup without a report.');
  return done.backup;
}

const size = async (file: string): Promise<number> => (await stat(file)).size;

test('a backup, beside pg_dump', async () => {
  const { ours, byHand } = await inTurns(
    () => measured(async () => (await backUp()).sizeBytes),
    () =>
      measured(async () => {
        await dumpByHand(hermes.sandbox, dump);
        return size(dump);
      }),
  );
  const way = 'docker-compose exec postgres pg_dump > backup.sql';
  const both = (of: (one: Measured) => number) => ({ ours: ours.map(of), byHand: byHand.map(of), way });
  await report([
    { name: 'backup: until it is done, and read back', unit: 's', ...both(({ seconds }) => seconds) },
    { name: 'backup: disk', unit: 'MB', ...both(({ sizeBytes }) => sizeBytes / megabyte) },
    {
      name: 'backup: what customers wait meanwhile, p95',
      unit: 'ms',
      ...both(({ noticed }) => noticed.p95Ms),
    },
    { name: 'backup: requests that fail', unit: 'requests', ...both(({ noticed }) => noticed.failed) },
  ]);
  for (const { noticed } of ours) expect(noticed.failed).toBe(0);
});

test('a restore, beside the runbook’s way', async () => {
  const { backupId } = await backUp();
  const { ours, byHand } = await inTurns(
    () => measured(() => restore(backupId)),
    () =>
      measured(async () => {
        await restoreByHand(hermes.sandbox, dump);
        return size(dump);
      }),
  );
  const way = 'stop api, psql < backup.sql into a new database, start api';
  const both = (of: (one: Measured) => number) => ({ ours: ours.map(of), byHand: byHand.map(of), way });
  await report([
    {
      name: 'restore: until customers have it (ours checks it, and backs up first)',
      unit: 's',
      ...both(({ seconds }) => seconds),
    },
    {
      name: 'restore: longest time without an answer',
      unit: 's',
      ...both(({ noticed }) => noticed.longestGapS),
    },
    { name: 'restore: requests that fail', unit: 'requests', ...both(({ noticed }) => noticed.failed) },
  ]);
});

/** From the start to the swap, approved at once. The end of the undo window is not what anybody waits for. */
async function restore(backup: string): Promise<number> {
  count += 1;
  const handle = await start(hermes.client, 'restoreDatabase', `bench-restore-${count}`, {
    backup,
    by: 'chris',
  });
  await handle.signal('approve', { by: 'dana', plan: await openPlan(handle) });
  const plan = await openPlan(handle, 'undo-window');
  await handle.signal('keep', { by: 'dana', plan });
  const { outcome }: ProcedureResult<RestoreReport> = await handle.result();
  expect(outcome).toBe('done');
  return 0;
}
