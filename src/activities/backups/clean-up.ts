import { join } from 'node:path';
import * as v from 'valibot';
import type { PruneResult } from '../contract/backups.ts';
import { withDatabaseLock } from '../database/advisory-lock.ts';
import { removeJob } from '../docker/job-container.ts';
import { runKey } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { listBackups } from './choose.ts';
import { dumpStep, ownerFile } from './dump.ts';
import { backupFolder, partialFolder, partialIds, readJson, removeFolder } from './folder.ts';

const dayMs = 86_400_000;
const ownerSchema = v.object({ workflowId: v.string(), runId: v.string() });

/** Removes this run's unfinished backup: its job, its folder. Never a published one. */
export async function discardPartialBackup(setting: Setting, backupId: string): Promise<void> {
  await withDatabaseLock(setting, async () => {
    await removeJob(setting, dumpStep);
    await removeFolder(partialFolder(setting.stack.backups.directory, backupId));
  });
}

/** Removes the partial folders of runs that are over. */
export async function sweepPartialBackups(
  setting: Setting,
  livingRuns: string[],
): Promise<{ removed: string[] }> {
  const { directory } = setting.stack.backups;
  const removed: string[] = [];
  for (const backupId of await partialIds(directory)) {
    const folder = partialFolder(directory, backupId);
    const owner = v.safeParse(ownerSchema, await readJson(join(folder, ownerFile)).catch(() => undefined));
    if (owner.success && livingRuns.includes(runKey(owner.output))) continue;
    await removeFolder(folder);
    removed.push(folder);
  }
  return { removed };
}

/** Removes usable backups past their age; always keeps the newest `keepAtLeast`, and those in `protect`. */
export async function pruneBackups({ stack }: Setting, protect: string[], now: Date): Promise<PruneResult> {
  const { directory, keepDays, keepAtLeast } = stack.backups;
  const usable = (await listBackups(directory)).filter(({ problem }) => problem === undefined);
  const removed: string[] = [];
  for (const { backupId, takenAt } of usable.slice(keepAtLeast)) {
    const old = now.getTime() - Date.parse(takenAt) > keepDays * dayMs;
    if (!old || protect.includes(backupId)) continue;
    await removeFolder(backupFolder(directory, backupId));
    removed.push(backupId);
  }
  return { removed, kept: usable.length - removed.length };
}
