import type { RestorePlan, Swap, WrittenRows } from '../../activities/contract/database.ts';
import { spokenDuration } from './clock.ts';
import { counted, grouped, spokenSize } from './words.ts';

const shownTables = 12;

/** The plan as lines for a tired person: what goes, what comes, what it needs. */
export function describeRestorePlan(plan: RestorePlan): string[] {
  const { differences, tablesEqual } = plan;
  return [
    `Replace ${plan.live.name} by backup ${plan.backupId}, taken ${plan.takenAt.slice(0, 19)}Z`,
    ...differences
      .slice(0, shownTables)
      .map(
        ({ table, liveRows, backupRows }) =>
          `${table}: ${grouped(liveRows)} → ${grouped(backupRows)} rows (${signed(backupRows - liveRows)})`,
      ),
    ...(differences.length > shownTables
      ? [`and ${counted(differences.length - shownTables, 'more table')} that differ`]
      : []),
    `${counted(tablesEqual, 'table')} with the same number of rows`,
    ...named('only in the live database, lost', plan.tablesOnlyInLive),
    ...named('only in the backup, back again', plan.tablesOnlyInBackup),
    `${describeWrites(plan.writesPerMinute)}: what comes until the swap is not in the backup`,
    `needs ${spokenSize(plan.serverNeededBytes)}, and ${spokenSize(plan.serverFreeBytes)} are free; takes about ${spokenDuration(plan.expectedSeconds * 1000)}`,
    ...plan.endsUndoOf.map(
      ({ workflowId, database }) => `ends the undo window of ${workflowId} (${database} is dropped)`,
    ),
    ...plan.warnings.map((warning) => `Attention: ${warning}`),
  ];
}

export function describeSwap(swap: Swap): string {
  return [
    `${swap.gapMs} ms without a database`,
    `the old one is kept as ${swap.old.name}`,
    ...describeWritten('written after the plan and not restored', swap.writtenSincePlan),
  ].join('; ');
}

function describeWrites(perMinute: number): string {
  return perMinute === 0
    ? 'nothing is being written at the moment'
    : `about ${counted(perMinute, 'row')} a minute are being written`;
}

/** Rows written, table by table; one line that says "nothing" where there are none. */
export function describeWritten(where: string, rows: WrittenRows[]): string[] {
  const written = rows.filter(({ inserted, updated, deleted }) => inserted + updated + deleted > 0);
  if (written.length === 0) return [`${where}: nothing`];
  return written
    .slice(0, shownTables)
    .map(
      ({ table, inserted, updated, deleted }) =>
        `${where}: ${table} ${grouped(inserted)} inserted, ${grouped(updated)} updated, ${grouped(deleted)} deleted`,
    );
}

function named(what: string, tables: string[]): string[] {
  return tables.length === 0 ? [] : [`${what}: ${tables.slice(0, shownTables).join(', ')}`];
}

function signed(value: number): string {
  return value < 0 ? `−${grouped(-value)}` : `+${grouped(value)}`;
}
