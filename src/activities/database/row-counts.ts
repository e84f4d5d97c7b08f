import type pg from 'pg';
import { quoted } from './identifiers.ts';

/** A table by its SQL name, quoted where needed: `public.matters`, `"Old"."Case Files"`. */
export interface TableRows {
  table: string;
  rows: number;
}

/** A table whose rows a dump carries. */
export interface DumpedTable {
  table: string;
  /** Names the table in an archive's list of contents. */
  oid: number;
  /** For a table of an extension: the condition on the rows that are the user's. */
  filter: string;
}

/**
 * The tables whose rows a dump carries: ordinary ones and leaf partitions. Of those of extensions only the ones that
 * the extension declared as configuration, since a dump leaves the others to the extension.
 */
export async function listTables(client: pg.Client): Promise<DumpedTable[]> {
  const { rows } = await client.query<{ table: string; oid: string; filter: string | null }>(
    `select format('%I.%I', n.nspname, c.relname) as table, c.oid::text as oid, e.filter
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       left join (select x.extconfig[i] as oid, coalesce(x.extcondition[i], '') as filter
                    from pg_extension x, generate_subscripts(x.extconfig, 1) i) e on e.oid = c.oid
      where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
        and (e.oid is not null
             or not exists (select from pg_depend d
                             where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'))
      order by 1`,
  );
  return rows.map(({ table, oid, filter }) => ({ table, oid: Number(oid), filter: filter ?? '' }));
}

/** Exact counts of the tables, in the session's snapshot. */
export async function countRows(
  client: pg.Client,
  tables: readonly DumpedTable[],
): Promise<(TableRows & { oid: number })[]> {
  const counts: (TableRows & { oid: number })[] = [];
  for (const { table, oid, filter } of tables) {
    // `table` comes from format('%I.%I') and so is quoted already; `filter` is the extension's own SQL.
    const { rows } = await client.query<{ count: string }>(`select count(*) from only ${table} ${filter}`);
    counts.push({ table, oid, rows: safeCount(rows[0]?.count) });
  }
  return counts;
}

/** A bigint of PostgreSQL as a number. Throws where it would lose digits. */
export function safeCount(text: string | undefined): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count))
    throw new RangeError(`${String(text)} is not a count that a number can hold`);
  return count;
}

/** The name of a table as PostgreSQL writes it when quoting is needed. */
export function tableName(schema: string, name: string): string {
  const plain = /^[a-z_][a-z0-9_$]*$/;
  return [schema, name].map((part) => (plain.test(part) ? part : quoted(part))).join('.');
}
