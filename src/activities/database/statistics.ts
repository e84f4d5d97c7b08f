import type pg from 'pg';
import type { WrittenRows } from '../contract/database.ts';
import { safeCount } from './row-counts.ts';

/** A plan carries them through a history: 100 bytes each. */
const maxTables = 1000;

/** Rows written so far, table by table, as the server's statistics of the connected database say. Busiest first. */
export async function readStatistics(client: pg.Client): Promise<WrittenRows[]> {
  const { rows } = await client.query<Record<'table' | 'inserted' | 'updated' | 'deleted', string>>(
    `select format('%I.%I', schemaname, relname) as table,
            n_tup_ins::text as inserted, n_tup_upd::text as updated, n_tup_del::text as deleted
       from pg_stat_user_tables order by n_tup_ins + n_tup_upd + n_tup_del desc, 1 limit ${maxTables}`,
  );
  return rows.map(({ table, inserted, updated, deleted }) => ({
    table,
    inserted: safeCount(inserted),
    updated: safeCount(updated),
    deleted: safeCount(deleted),
  }));
}

/** What was written between two readings. A counter that was reset in between counts from zero. */
export function writtenBetween(before: readonly WrittenRows[], after: readonly WrittenRows[]): WrittenRows[] {
  const old = new Map(before.map((rows) => [rows.table, rows]));
  return after
    .map((rows) => difference(rows, old.get(rows.table)))
    .filter((rows) => total(rows) > 0)
    .sort((a, b) => total(b) - total(a));
}

export function total({ inserted, updated, deleted }: WrittenRows): number {
  return inserted + updated + deleted;
}

function difference(after: WrittenRows, before: WrittenRows | undefined): WrittenRows {
  if (before === undefined || total(after) < total(before)) return after;
  return {
    table: after.table,
    inserted: Math.max(0, after.inserted - before.inserted),
    updated: Math.max(0, after.updated - before.updated),
    deleted: Math.max(0, after.deleted - before.deleted),
  };
}
