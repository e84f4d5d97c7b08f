import type pg from 'pg';
import { problem } from '../../problem.ts';
import { readInventory, readManifest } from '../backups/manifest.ts';
import type { DatabaseIdentity, Verification } from '../contract/database.ts';
import type { Setting } from '../setting.ts';
import { withConnection } from './connection.ts';
import { compareDatabaseSettings, readDatabaseSettings } from './database-settings.ts';
import { findByName } from './databases.ts';
import { quoted } from './identifiers.ts';
import { compareInventories, countObjects, describedAlike, takeInventory } from './inventory.ts';
import { ensureJournal } from './journal.ts';
import { countRows, listTables, type TableRows } from './row-counts.ts';

const shownDifferences = 20;

/** Compares a restored database with what the backup's own snapshot held. Throws VerificationFailed. */
export async function verifyShadow(
  setting: Setting,
  { shadow, backupId }: { shadow: DatabaseIdentity; backupId: string },
): Promise<Verification> {
  const { directory } = setting.stack.backups;
  const manifest = await readManifest(directory, backupId);
  const expected = await readInventory(directory, backupId);
  const found = await withConnection(
    setting,
    shadow.name,
    { applicationName: 'hermes-ops verifies', endsWhenCancelled: true },
    async (client) => {
      // As in the backup's own session: a policy that hides rows is an error, not a smaller count.
      await client.query('set row_security = off');
      return {
        rows: await countRows(client, await listTables(client)),
        inventory: await takeInventory(client),
        sequencesBehind: await sequencesBehind(client),
      };
    },
  );
  const differences = [
    ...compareRows(manifest.tables, found.rows),
    ...compareInventories(expected, found.inventory),
    ...(await settingsDifferences(setting, shadow)),
  ];
  if (differences.length > 0) {
    const more = differences.length - shownDifferences;
    throw problem('VerificationFailed', {
      what: `The restored database differs from backup ${backupId}: ${differences.slice(0, shownDifferences).join('; ')}${more > 0 ? `; and ${more} more` : ''}.`,
      state: 'The live database serves as before.',
      next: 'Choose another backup.',
    });
  }
  return {
    tables: found.rows.length,
    rows: found.rows.reduce((sum, { rows }) => sum + rows, 0),
    objects: countObjects(expected),
    checks: [
      'rows of every table',
      ...Object.keys(expected.objects),
      ...(describedAlike(expected, found.inventory)
        ? []
        : ['by name only: the backup was described by another version']),
      'values of sequences',
      'database owner, grants, locale and settings',
      ...found.sequencesBehind,
    ],
  };
}

/** Differences between the rows that a snapshot held and those that are there. */
export function compareRows(expected: readonly TableRows[], actual: readonly TableRows[]): string[] {
  const there = new Map(actual.map(({ table, rows }) => [table, rows]));
  const wanted = new Set(expected.map(({ table }) => table));
  return [
    ...expected.flatMap(({ table, rows }) => {
      const found = there.get(table);
      if (found === rows) return [];
      return [
        found === undefined ? `table ${table} is missing` : `${table}: ${found} rows, expected ${rows}`,
      ];
    }),
    ...actual
      .filter(({ table }) => !wanted.has(table))
      .map(({ table }) => `table ${table} is not in the backup`),
  ];
}

/**
 * Sequences that will give a key twice. With the backup's own rows, and not behind its own values, they were so in
 * the backup too: worth a word, not a failure, since keys may come from elsewhere.
 */
async function sequencesBehind(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ sequence: string; table: string; column: string }>(
    `select format('%I.%I', sn.nspname, s.relname) as sequence, format('%I.%I', tn.nspname, t.relname) as table, a.attname as column
       from pg_class s join pg_namespace sn on sn.oid = s.relnamespace
       join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = s.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')
       join pg_class t on t.oid = d.refobjid join pg_namespace tn on tn.oid = t.relnamespace
       join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
      where s.relkind = 'S' and t.relkind in ('r', 'p')
        and a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)`,
  );
  const behind: string[] = [];
  for (const { sequence, table, column } of rows) {
    const { rows: seen } = await client.query<{ behind: boolean }>(
      `select coalesce(max(${quoted(column)}), 0) > (select last_value from ${sequence})
              and (select increment_by > 0 from pg_sequences where format('%I.%I', schemaname, sequencename) = $1) as behind
         from ${table}`,
      [sequence],
    );
    if (seen[0]?.behind === true)
      behind.push(`as in the backup, sequence ${sequence} is behind the largest ${column} of ${table}`);
  }
  return behind;
}

async function settingsDifferences(setting: Setting, shadow: DatabaseIdentity): Promise<string[]> {
  const { maintenanceDatabase, name } = setting.stack.database;
  return withConnection(
    setting,
    maintenanceDatabase,
    { applicationName: 'hermes-ops verifies' },
    async (client) => {
      await ensureJournal(client);
      const live = await findByName(client, name);
      if (live === undefined) return [`the live database ${name} is gone`];
      return compareDatabaseSettings(
        await readDatabaseSettings(client, live.oid),
        await readDatabaseSettings(client, shadow.oid),
      );
    },
  );
}
