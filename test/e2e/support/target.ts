import type { WorkflowHandle } from '@temporalio/client';
import { expect } from 'vitest';
import type { WorkerProcess } from '../../../scripts/worker-process.ts';
import type { BackupReport } from '../../../src/workflows/backup-database.ts';
import type { ProcedureResult } from '../../../src/workflows/steps/procedure.ts';
import { leftovers } from '../../faults/support/leftovers.ts';
import { install, type Installation } from './installation.ts';
import { start } from './runs.ts';
import { sandboxClient } from './sandbox-client.ts';

/** An installation that is asked for what it must refuse: its database, its worker, and a good backup. */
export interface Target {
  hermes: Installation;
  /** The one that runs now. */
  worker: WorkerProcess;
  /** The id of a good backup of the sandbox's database. */
  good: string;
  begin(workflowType: string, ...input: unknown[]): Promise<WorkflowHandle>;
  restore(input: Record<string, unknown>): Promise<WorkflowHandle>;
  /** Takes a backup and says its id. */
  backUp(): Promise<string>;
  /** The worker reads the stack file when it starts. */
  useStack(sections: Record<string, unknown>): Promise<void>;
  /** The database serves as before, and nothing is left of what was tried. */
  servesAsBefore(kept?: string[]): Promise<void>;
  close(): Promise<void>;
}

const matters = 2_000;

export async function setUpTarget(name: string): Promise<Target> {
  const hermes = await install(name, { rows: matters, undoWindow: '1h' });
  try {
    return await targetOn(hermes);
  } catch (error) {
    await hermes.close();
    throw error;
  }
}

async function targetOn(hermes: Installation): Promise<Target> {
  const customer = await sandboxClient(hermes.sandbox);
  let count = 0;
  const target: Target = {
    hermes,
    worker: await hermes.startWorker(),
    good: '',
    begin(workflowType, ...input) {
      count += 1;
      return start(hermes.client, workflowType, `${workflowType}-${count}`, ...input);
    },
    restore: (input) => target.begin('restoreDatabase', { by: 'chris', ...input }),
    async backUp() {
      const { report }: ProcedureResult<BackupReport> = await (
        await target.begin('backupDatabase', { by: 'chris' })
      ).result();
      return report?.backup.backupId ?? 'none';
    },
    async useStack(sections) {
      await target.worker.kill();
      await hermes.writeStack({ sections });
      target.worker = await hermes.startWorker();
    },
    async servesAsBefore(kept = []) {
      const [row] = await hermes.sql<{ count: string }>('select count(*) from matters');
      expect(Number(row?.count)).toBe(matters);
      const { status, json } = await customer.ask('/health/detailed');
      expect({ status, json }).toMatchObject({
        status: 200,
        json: {
          components: expect.arrayContaining([
            expect.objectContaining({ component: 'database', status: 'healthy' }),
          ]),
        },
      });
      expect(await leftovers(hermes, { kept })).toEqual([]);
    },
    async close() {
      await customer.close();
      await hermes.close();
    },
  };
  target.good = await target.backUp();
  return target;
}
