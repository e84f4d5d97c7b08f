import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { BackupReport } from '../../../src/workflows/backup-database.ts';
import type { RestoreReport } from '../../../src/workflows/restore-database.ts';
import type { ProcedureResult } from '../../../src/workflows/steps/procedure.ts';
import { install, type Installation } from '../../e2e/support/installation.ts';
import { changeContent, type Content, contentOf, gateRole, prepareContent } from './content.ts';
import type { RunOf } from './history.ts';
import { type JobLedger, openJobLedger } from './job-ledger.ts';
import { databasesOf } from './leftovers.ts';
import { seatWorker, type WorkerSeat } from './worker-seat.ts';

export type Started = WorkflowHandleWithFirstExecutionRunId;
export type Restored = ProcedureResult<RestoreReport>;
export type BackedUp = ProcedureResult<BackupReport>;

/** An installation with one good backup and a live database that has changed since. */
export interface Ground {
  hermes: Installation;
  seat: WorkerSeat;
  /** The id of that backup, and what is in it. */
  backup: string;
  backedUp: Content;
  /** What the live database held when the test began. */
  changed: Content;
  ledger: JobLedger;
  start(workflowType: string, input: object): Promise<Started>;
  restore(input?: object): Promise<Started>;
  /** For the next test: the live database differs from the backup again, the ledger is empty. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

/** A workflow task that a killed worker had is given to another one after this; Temporal's default is 10 s. */
const workflowTaskTimeout = '3s';

export async function layGround(name: string, { rows = 5_000 } = {}): Promise<Ground> {
  const hermes = await install(name, { rows, undoWindow: '1h' });
  try {
    return await groundOn(hermes);
  } catch (error) {
    await hermes.close();
    throw error;
  }
}

async function groundOn(hermes: Installation): Promise<Ground> {
  const seat = await seatWorker(hermes);
  await prepareContent(hermes);
  let count = 0;
  const start = async (workflowType: string, input: object): Promise<Started> => {
    count += 1;
    return hermes.client.workflow.start(workflowType, {
      workflowId: `${workflowType}-${count}`,
      taskQueue: hermes.taskQueue,
      workflowTaskTimeout,
      args: [{ by: 'chris', ...input }],
    });
  };
  const backedUp = await contentOf(hermes);
  const taken: BackedUp = await (await start('backupDatabase', {})).result();
  const backup = backupIn(taken);
  const ground: Ground = {
    hermes,
    seat,
    backup,
    backedUp,
    changed: backedUp,
    ledger: await openJobLedger(hermes),
    start,
    restore: (input = {}) => start('restoreDatabase', { backup, ...input }),
    async prepare() {
      await clearAway(hermes);
      await changeContent(hermes);
      ground.changed = await contentOf(hermes);
      ground.ledger.close();
      ground.ledger = await openJobLedger(hermes);
    },
    async close() {
      ground.ledger.close();
      await hermes.close();
    },
  };
  return ground;
}

/** What a test before left that failed half-way: one failure must not look like many. */
async function clearAway(hermes: Installation): Promise<void> {
  const { client, docker, project } = hermes;
  for await (const run of client.workflow.list({ query: `ExecutionStatus = 'Running'` })) {
    await client.workflow
      .getHandle(run.workflowId, run.runId)
      .terminate('left by a test')
      .catch(() => undefined);
  }
  await hermes.sql(`drop role if exists ${gateRole}`, [], 'postgres');
  const jobs = await docker.listContainers({
    all: true,
    filters: { label: [`hermes-ops.stack=${project}`] },
  });
  for (const { Id } of jobs) await docker.getContainer(Id).remove({ force: true });
  for (const name of await databasesOf(hermes)) {
    if (name !== 'hermes') await hermes.sql(`drop database if exists ${name} with (force)`, [], 'postgres');
  }
}

export function runOf({ workflowId, firstExecutionRunId }: Started): RunOf {
  return { workflowId, runId: firstExecutionRunId };
}

/** The id of the backup that a run took. */
export function backupIn({ report }: BackedUp): string {
  if (report === undefined) throw new Error('A backup without a report.');
  return report.backup.backupId;
}

/** The database that a restore kept for an undo, or that a rollback set aside. */
export function keptBy({ report }: Restored): string[] {
  const { undo, swap } = report ?? {};
  if (undo?.decision === 'left') return swap === undefined ? [] : [swap.old.name];
  return undo?.rollback === undefined ? [] : [undo.rollback.aside.name];
}
