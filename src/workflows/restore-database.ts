import { proxyActivities } from '@temporalio/workflow';
import type { BackupsActivities, VerifiedBackup } from '../activities/contract/backups.ts';
import type { DatabaseActivities, RestorePlan, Swap, Verification } from '../activities/contract/database.ts';
import type { ServiceActivities } from '../activities/contract/service.ts';
import { problemTypeOf } from '../problem.ts';
import { restoreDatabaseProcedure } from '../procedures/restore-database.ts';
import { awaitServing } from './steps/await-serving.ts';
import { describeCache, forgetCache } from './steps/cache.ts';
import { durationMsOf } from './steps/clock.ts';
import { fenceWritesOf } from './steps/fence.ts';
import { longChange, longRead, quickLook, shortChange } from './steps/policies.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';
import { describeRestorePlan, describeSwap } from './steps/restore-words.ts';
import type { Run } from './steps/run.ts';
import {
  confirmLocksOfRestore,
  lockApiForRestore,
  lockForRestore,
  unlockAfterRestore,
} from './steps/service-locks.ts';
import { endUndoOfEarlierRestores } from './steps/supersede.ts';
import { sweepDatabaseLeftovers } from './steps/sweep.ts';
import { takeBackup } from './steps/take-backup.ts';
import { type Undo, undoWindow } from './steps/undo-window.ts';
import { counted, spokenSize } from './steps/words.ts';

const { chooseBackup } = proxyActivities<BackupsActivities>(quickLook);
const { verifyBackup } = proxyActivities<BackupsActivities>(longRead);
const { confirmRestorePlan } = proxyActivities<DatabaseActivities>(quickLook);
const { restoreBeside } = proxyActivities<DatabaseActivities>(longChange);
const { planRestore, verifyShadow } = proxyActivities<DatabaseActivities>(longRead);
const { discardShadow, swapDatabases, undoSwap } = proxyActivities<DatabaseActivities>(shortChange);
const { smokeTest } = proxyActivities<ServiceActivities>(quickLook);

export interface RestoreReport {
  plan: RestorePlan;
  safetyBackup: string;
  verification: Verification;
  swap: Swap;
  undo: Undo;
}

/** Restores a backup beside the live database and swaps it in. Runbook: Database Backup & Restore. */
export async function restoreDatabase(raw: unknown): Promise<ProcedureResult<RestoreReport>> {
  return procedure(restoreDatabaseProcedure, raw, async (run, input) => {
    const undoWindowMs =
      input.undoWindow === undefined ? run.policy.undoWindowMs : durationMsOf(input.undoWindow);

    await lockForRestore(run);
    const chosen = await run.step(
      'Choose the backup',
      () => chooseBackup(input),
      ({ backupId }) => backupId,
    );
    const archive = await run.step('Check the archive', () => verifyBackup(chosen), describeArchive);
    const firstPlan = await planOf(run, archive);
    await sweepDatabaseLeftovers(run);
    const safety = await takeBackup(run, 'safety', `before the restore of ${archive.backupId}`);
    const { plan, approval } = await approvedPlan(run, archive, firstPlan);
    await confirmLocksOfRestore(run);
    const fence = await fenceWritesOf(run, input.fence ?? run.policy.fence, plan.live);

    run.onFailure('Drop the restored copy', () => discardShadow());
    const shadow = await run.change(
      'Restore beside the live database',
      () => restoreBeside({ backupId: archive.backupId, digest: archive.digest, live: plan.live }),
      (copy) => `${spokenSize(copy.sizeBytes)} in ${Math.round(copy.durationMs / 1000)} s`,
    );
    const verification = await run.step(
      'Check every table of the copy',
      () => verifyShadow({ shadow, backupId: archive.backupId }),
      (seen) => `${counted(seen.rows, 'row')}, ${counted(seen.objects, 'object')} as in the backup`,
    );

    await lockApiForRestore(run);

    // -- customers notice from here --
    const keepUntil = new Date(Date.now() + undoWindowMs).toISOString();
    run.onFailure('Swap back, if it was swapped', () => undoSwap({ approval, keepUntil }));
    const swap = await run.change(
      'Swap the databases',
      () => swapDatabases({ approval, live: plan.live, shadow, keepUntil, since: plan.statistics }),
      describeSwap,
    );
    await fence.afterSwap();
    await awaitServing(run, swap.swappedAt);
    await forgetCache(run);
    await run.step(
      'Smoke test',
      () => smokeTest(),
      ({ checks }) => `${counted(checks.length, 'check')} passed`,
    );
    // -- to here --

    run.wayBack.forgetAll();
    await endUndoOfEarlierRestores(run, plan);
    await unlockAfterRestore(run);
    const undo = await undoWindow(run, swap, undoWindowMs, fence);
    return {
      outcome: undo.decision === 'rolled-back' ? 'rolled-back' : 'done',
      summary: undo.summary,
      report: { plan, safetyBackup: safety.backupId, verification, swap, undo },
    };
  });
}

/** What would be lost and gained. A dry run ends after it. */
async function planOf(run: Run, archive: VerifiedBackup): Promise<RestorePlan> {
  const { backupId, digest } = archive;
  const plan = await run.step('Compare it with the live database', () => planRestore({ backupId, digest }));
  run.plan([...describeRestorePlan(plan), ...(await describeCache(run))], plan);
  return plan;
}

/** An approval of a plan that still holds. When the live database changed meanwhile, it plans and asks again. */
async function approvedPlan(
  run: Run,
  archive: VerifiedBackup,
  firstPlan: RestorePlan,
): Promise<{ plan: RestorePlan; approval: string }> {
  for (let plan = firstPlan; ;) {
    const approval = await run.approval('restore-database');
    try {
      await run.step('Does the approved plan still hold?', () => confirmRestorePlan({ plan }));
      return { plan, approval };
    } catch (error) {
      if (problemTypeOf(error) !== 'StalePlan') throw error;
      run.note('The approved plan no longer holds. Planning and asking again.');
      plan = await planOf(run, archive);
    }
  }
}

function describeArchive({ rows, sizeBytes }: VerifiedBackup): string {
  return `${counted(rows, 'row')}, ${spokenSize(sizeBytes)}, every checksum holds`;
}
