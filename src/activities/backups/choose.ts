import { problem } from '../../problem.ts';
import type { BackupListEntry } from '../contract/backups.ts';
import { isBackupId } from '../../stack/names.ts';
import type { Setting } from '../setting.ts';
import { backupFolder, publishedIds } from './folder.ts';
import { readManifest, totalRows } from './manifest.ts';

const shownIds = 5;

/** The published backups, newest snapshot first; those that cannot be used say why. */
export async function listBackups(directory: string): Promise<BackupListEntry[]> {
  const entries: BackupListEntry[] = [];
  for (const backupId of await publishedIds(directory)) entries.push(await entryOf(directory, backupId));
  return entries.sort((a, b) => b.takenAt.localeCompare(a.takenAt));
}

/**
 * The backup that `wanted` means: an id, `latest`, or a time, which means the last one before it. A safety backup holds
 * the very state that somebody wanted to get away from: it is chosen by its id only, as is another stack's in the same
 * directory. Throws UnknownBackup, DamagedBackup, InvalidInput.
 */
export async function chooseBackup({ stack }: Setting, wanted: string, now: Date): Promise<string> {
  const { directory } = stack.backups;
  const all = await listBackups(directory);
  const usable = all.filter(
    (entry) => entry.problem === undefined && entry.kind !== 'safety' && entry.stack === stack.stack,
  );
  if (wanted === 'latest') return usable[0]?.backupId ?? noneOf(all, 'that can be used');
  const before = parseMoment(wanted, now);
  if (before !== undefined) {
    const found = usable.find(({ takenAt }) => Date.parse(takenAt) < before.getTime());
    return found?.backupId ?? noneOf(all, `from before ${before.toISOString()}`);
  }
  if (!isBackupId(wanted)) backupFolder(directory, wanted);
  const found = all.find(({ backupId }) => backupId === wanted);
  if (found === undefined) return noneOf(all, `called ${wanted}`);
  if (found.problem !== undefined)
    throw problem('DamagedBackup', { what: found.problem, next: 'Choose another backup.' });
  return wanted;
}

/** `2026-11-17T03:00Z`, `2026-11-17 03:00`, `2026-11-17` or `03:00Z` (today, or yesterday when that is still to come). UTC. */
export function parseMoment(text: string, now: Date): Date | undefined {
  const clock = /^(\d{1,2}):(\d{2})Z?$/.exec(text);
  if (clock !== null) {
    const [, hour, minute] = clock;
    const today = new Date(`${now.toISOString().slice(0, 10)}T${hour?.padStart(2, '0')}:${minute}:00Z`);
    if (Number.isNaN(today.getTime())) return undefined;
    return today > now ? new Date(today.getTime() - 86_400_000) : today;
  }
  if (!/^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/.test(text))
    return undefined;
  const iso = text.replace(' ', 'T');
  const zoned = iso.length === 10 || /(?:Z|[+-]\d{2}:\d{2})$/.test(iso) ? iso : `${iso}Z`;
  const moment = new Date(zoned);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

async function entryOf(directory: string, backupId: string): Promise<BackupListEntry> {
  try {
    const manifest = await readManifest(directory, backupId);
    const { kind, stack, database, serverVersion, sizeBytes, databaseBytes, by, reason, snapshotAt } =
      manifest;
    const rows = totalRows(manifest);
    return {
      backupId,
      takenAt: snapshotAt,
      kind,
      stack,
      database,
      serverVersion,
      sizeBytes,
      databaseBytes,
      rows,
      by,
      reason,
    };
  } catch (error) {
    return {
      backupId,
      takenAt: '',
      kind: 'manual',
      stack: '',
      database: '',
      serverVersion: '',
      sizeBytes: 0,
      databaseBytes: 0,
      rows: 0,
      by: '',
      reason: '',
      problem: error instanceof Error ? error.message : String(error),
    };
  }
}

function noneOf(all: readonly BackupListEntry[], which: string): never {
  const known = all
    .slice(0, shownIds)
    .map(({ backupId, takenAt, problem: why }) =>
      why === undefined ? `${backupId} (${takenAt.slice(0, 16)}Z)` : `${backupId} (unusable)`,
    );
  throw problem('UnknownBackup', {
    what: `There is no backup ${which}.`,
    state: known.length === 0 ? 'There are no backups at all.' : `The newest: ${known.join(', ')}.`,
    next: 'List them: hermes-ops run list-backups',
  });
}
