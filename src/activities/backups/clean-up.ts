import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { problemTypeOf } from '../../problem.ts';
import type { PruneResult } from '../contract/backups.ts';
import { withDatabaseLock } from '../database/advisory-lock.ts';
import { removeJob } from '../docker/job-container.ts';
import type { Setting } from '../setting.ts';
import { listBackups } from './choose.ts';
import { contentsStep } from './contents.ts';
import { dumpStep, ownerFile } from './dump.ts';
import { backupFolder, partialFolder, partialIds, readJson, removeFolder } from './folder.ts';
import { readStep } from './verify.ts';

const dayMs = 86_400_000;
const ownerSchema = v.object({ stack: v.string(), workflowId: v.string(), runId: v.string() });

/** Removes this run's unfinished backup: its jobs, its folder. Never a published one. */
export async function discardPartialBackup(setting: Setting, backupId: string): Promise<void> {
  const discard = async (): Promise<void> => {
    for (const step of [dumpStep, contentsStep, readStep]) await removeJob(setting, step);
    await removeFolder(partialFolder(setting.stack.backups.directory, backupId));
  };
  try {
    await withDatabaseLock(setting, discard);
  } catch (error) {
    // A dump often fails because its server is away: then there is nobody to race with.
    if (problemTypeOf(error) !== 'Unreachable') throw error;
    await discard();
  }
}

/**
 * Removes the partial folders of this stack's runs that are over. Another stack's, in the same directory, stay. One
 * without an owner is what a kill left a moment after it was made: under the lock nobody is just making one.
 */
export async function sweepPartialBackups(setting: Setting): Promise<{ removed: string[] }> {
  const { stack } = setting;
  const { directory } = stack.backups;
  const removed: string[] = [];
  for (const backupId of await partialIds(directory)) {
    const folder = partialFolder(directory, backupId);
    const owner = v.safeParse(ownerSchema, await readJson(join(folder, ownerFile)).catch(() => undefined));
    const leftover = owner.success
      ? owner.output.stack === stack.stack && !(await setting.isAlive(owner.output))
      : backupId.startsWith(`${stack.stack}-`);
    if (!leftover) continue;
    await removeFolder(folder);
    removed.push(folder);
  }
  return { removed };
}

/**
 * Removes this stack's usable backups past their age; always keeps the newest `keepAtLeast` that are not safety backups, and those
 * in `protect`.
 */
export async function pruneBackups({ stack }: Setting, protect: string[], now: Date): Promise<PruneResult> {
  const { directory, keepDays, keepAtLeast } = stack.backups;
  const usable = (await listBackups(directory)).filter(
    (backup) => backup.problem === undefined && backup.stack === stack.stack,
  );
  const newest = usable.filter(({ kind }) => kind !== 'safety').slice(0, keepAtLeast);
  const kept = new Set([...protect, ...newest.map(({ backupId }) => backupId)]);
  const removed: string[] = [];
  for (const { backupId, takenAt } of usable) {
    const old = now.getTime() - Date.parse(takenAt) > keepDays * dayMs;
    if (!old || kept.has(backupId)) continue;
    // Renamed first: half removed, it would still look like a backup.
    await rename(backupFolder(directory, backupId), partialFolder(directory, backupId));
    await removeFolder(partialFolder(directory, backupId));
    removed.push(backupId);
  }
  return { removed, kept: usable.length - removed.length };
}
