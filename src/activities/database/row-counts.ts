import type pg from 'pg';
import { quoted } from './identifiers.ts';

/** A table by its SQL name, quoted where needed: `public.matters`, `"Old"."Case Files"`. */
export interface TableRows {
  table: string;
  rows: number;
}

/**
 * The tables whose rows a dump carries: ordinary ones and leaf partitions, without those of extensions (a dump
 * leaves their rows to the extension).
 */
export async function listTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ table: string }>(
    `select format('%I.%I', n.nspname, c.relname) as table
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
        and not exists (select from pg_depend d
                         where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      order by 1`,
  );
  return rows.map(({ table }) => table);
}

/** Exact counts of the tables, in the session's snapshot. */
export async function countRows(client: pg.Client, tables: readonly string[]): Promise<TableRows[]> {
  const counts: TableRows[] = [];
  for (const table of tables) {
    // `table` comes from format('%I.%I') and so is quoted already.
    const { rows } = await client.query<{ count: string }>(`select count(*) from only ${table}`);
    counts.push({ table, rows: safeCount(rows[0]?.count) });
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
