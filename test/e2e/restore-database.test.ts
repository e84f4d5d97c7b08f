import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestoreReport } from '../../src/workflows/restore-database.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import type { WorkerProcess } from '../../scripts/worker-process.ts';
import { install, type Installation } from './support/installation.ts';
import { openPlan, start, statusWhen } from './support/runs.ts';

let hermes: Installation;
let worker: WorkerProcess;

beforeAll(async () => {
  hermes = await install('restore');
  worker = await hermes.startWorker();
});
afterAll(() => hermes?.close());

type Result = ProcedureResult<RestoreReport>;
let count = 0;

async function restore(input: Record<string, unknown> = {}): Promise<WorkflowHandle> {
  count += 1;
  return start(hermes.client, 'restoreDatabase', `restore-${count}`, {
    backup: 'latest',
    by: 'chris',
    ...input,
  });
}

async function matters(database = 'hermes'): Promise<number> {
  const [row] = await hermes.sql<{ count: string }>('select count(*) from matters', [], database);
  return Number(row?.count);
}

async function databases(): Promise<string[]> {
  const rows = await hermes.sql<{ datname: string }>(
    `select datname from pg_database where not datistemplate and datname <> 'postgres' order by 1`,
  );
  return rows.map(({ datname }) => datname);
}

async function approve(handle: WorkflowHandle): Promise<void> {
  await handle.signal('approve', { by: 'dana', plan: await openPlan(handle) });
}

describe('a backup', () => {
  test('from the command line is read back, listed, and leaves nothing else', async () => {
    const run = await hermes.hermesOps('run', 'backup-database', '--reason', 'before the tests', '--json');
    expect(run.exitCode).toBe(0);
    const listed = await hermes.hermesOps('run', 'list-backups', '--json');
    expect(JSON.parse(listed.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      outcome: 'done',
      result: { report: [{ database: 'hermes', kind: 'manual', by: 'chris', reason: 'before the tests' }] },
    });
    expect(await databases()).toEqual(['hermes']);
  });
});

describe('a restore', () => {
  test('brings the rows back, counts what was written since, and drops the old database when kept', async () => {
    await hermes.sql('delete from matters where id <= 100');
    const handle = await restore({ reason: 'matters deleted by mistake' });
    await approve(handle);
    const plan = await openPlan(handle, 'undo-window');
    expect(await matters()).toBe(50_000);
    expect((await databases()).filter((name) => name.startsWith('hermes_before_'))).toHaveLength(1);
    await handle.signal('keep', { by: 'dana', plan });
    const result: Result = await handle.result();
    expect(result).toMatchObject({ outcome: 'done', report: { undo: { decision: 'kept', by: 'dana' } } });
    expect(await databases()).toEqual(['hermes']);
  });

  test('is undone with one signal, and what was written since the swap is kept aside', async () => {
    await hermes.sql('delete from matters where id <= 10');
    const before = await matters();
    const handle = await restore();
    await approve(handle);
    const plan = await openPlan(handle, 'undo-window');
    await hermes.sql(`update matters set description = 'written after the swap' where id <= 3`);
    await handle.signal('rollback', { by: 'dana', plan, reason: 'the wrong backup' });
    const result: Result = await handle.result();
    expect(result.outcome).toBe('rolled-back');
    expect(await matters()).toBe(before);
    expect(result.report?.undo.rollback?.writtenSinceSwap).toContainEqual(
      expect.objectContaining({ table: 'public.matters', updated: 3 }),
    );
    const aside = result.report?.undo.rollback?.aside.name ?? '';
    expect(await databases()).toEqual(['hermes', aside]);
  });

  test('that is rejected changes nothing', async () => {
    const before = await matters();
    const handle = await restore();
    await handle.signal('reject', { by: 'dana', plan: await openPlan(handle), reason: 'not now' });
    const result: Result = await handle.result();
    expect(result.outcome).toBe('rejected');
    expect(await matters()).toBe(before);
  });

  test('goes on where it was when its worker is killed while it restores', async () => {
    const handle = await restore();
    await approve(handle);
    await statusWhen(handle, ({ running }) => running.includes('Restore beside the live database'));
    await worker.kill();
    worker = await hermes.startWorker();
    const plan = await openPlan(handle, 'undo-window');
    expect(await matters()).toBe(50_000);
    await handle.signal('keep', { by: 'dana', plan });
    expect(((await handle.result()) as Result).outcome).toBe('done');
  });
});
