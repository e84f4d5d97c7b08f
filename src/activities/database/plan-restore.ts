import type pg from 'pg';
import { problem } from '../../problem.ts';
import { type Manifest, readSameManifest } from '../backups/manifest.ts';
import type { RestorePlan, TableDifference } from '../contract/database.ts';
import { freeBytesIn } from '../docker/free-space.ts';
import { runningContainer } from '../docker/service-containers.ts';
import type { Setting } from '../setting.ts';
import { withConnection } from './connection.ts';
import { type DatabaseEntry, findByName, listDatabases } from './databases.ts';
import { refuseUnsafe, warningsOf } from './restore-hazards.ts';
import { expectedSeconds } from './restore-speed.ts';
import { countRows, listTables, type TableRows } from './row-counts.ts';
import { readStatistics, total, writtenBetween } from './statistics.ts';

/** At least so long: a session tells of its writes once a second. */
const sampleMs = 2_000;
const shownDifferences = 50;
const mebibyte = 1024 * 1024;

/** What a restore of this backup would do to the live database. Changes nothing. */
export async function planRestore(
  setting: Setting,
  { backupId, digest }: { backupId: string; digest: string },
): Promise<RestorePlan> {
  const manifest = await readSameManifest(setting.stack.backups.directory, backupId, digest);
  const { name } = setting.stack.database;
  if (manifest.database !== name) {
    throw problem('WrongDatabase', {
      what: `Backup ${backupId} is of the database ${manifest.database}, the stack's is ${name}.`,
      state: 'Nothing was changed.',
      next: 'Choose another backup, or correct `database.name` in the stack file.',
    });
  }
  const server = await lookAtServer(setting, manifest);
  const live = await lookAtLive(setting);
  const serverNeededBytes = neededBytes(manifest.databaseBytes);
  if (server.freeBytes < serverNeededBytes) throw notEnoughSpace(server.freeBytes, serverNeededBytes);
  return {
    backupId,
    digest,
    takenAt: manifest.snapshotAt,
    live: { name, oid: server.live.oid },
    ...compareTables(live.rows, manifest.tables),
    databaseBytes: manifest.databaseBytes,
    liveBytes: live.bytes,
    serverFreeBytes: server.freeBytes,
    serverNeededBytes,
    expectedSeconds: server.expectedSeconds,
    writesPerMinute: live.writesPerMinute,
    statistics: live.statistics,
    endsUndoOf: server.kept,
    warnings: server.warnings,
  };
}

/** Throws StalePlan when another database is live now, NotEnoughSpace when room ran out meanwhile. */
export async function confirmRestorePlan(setting: Setting, { plan }: { plan: RestorePlan }): Promise<void> {
  const { maintenanceDatabase } = setting.stack.database;
  const live = await withConnection(
    setting,
    maintenanceDatabase,
    { applicationName: 'hermes-ops looks' },
    (client) => findByName(client, plan.live.name),
  );
  if (live?.oid !== plan.live.oid) {
    throw problem('StalePlan', {
      what: `The live database ${plan.live.name} is not the one that the plan saw.`,
    });
  }
  const freeBytes = await serverFreeBytes(setting);
  if (freeBytes < plan.serverNeededBytes) throw notEnoughSpace(freeBytes, plan.serverNeededBytes);
}

interface ServerLook {
  live: DatabaseEntry;
  kept: RestorePlan['endsUndoOf'];
  warnings: string[];
  expectedSeconds: number;
  freeBytes: number;
}

async function lookAtServer(setting: Setting, manifest: Manifest): Promise<ServerLook> {
  const { maintenanceDatabase, name } = setting.stack.database;
  const look = await withConnection(
    setting,
    maintenanceDatabase,
    { applicationName: 'hermes-ops plans' },
    async (client) => {
      const databases = await listDatabases(client);
      const live = databases.find((entry) => entry.name === name);
      if (live === undefined) {
        throw problem('UnknownDatabase', {
          what: `There is no database ${JSON.stringify(name)} on the server; it has ${databases.map((entry) => entry.name).join(', ')}.`,
          next: 'Correct `database.name` in the stack file.',
        });
      }
      await refuseUnsafe(client, live, manifest);
      return {
        live,
        kept: keptForUndo(setting, databases),
        warnings: await warningsOf(client, live),
        expectedSeconds: await expectedSeconds(client, manifest.databaseBytes),
      };
    },
  );
  return { ...look, freeBytes: await serverFreeBytes(setting) };
}

function keptForUndo({ stack }: Setting, databases: readonly DatabaseEntry[]): RestorePlan['endsUndoOf'] {
  return databases.flatMap(({ name, mark }) =>
    mark?.purpose === 'kept' && mark.stack === stack.stack
      ? [{ workflowId: mark.workflowId, runId: mark.runId, database: name }]
      : [],
  );
}

/** Unknown for a server outside: then its own limits hold. */
async function serverFreeBytes(setting: Setting): Promise<number> {
  if (setting.stack.database.host !== undefined) return Number.MAX_SAFE_INTEGER;
  const { maintenanceDatabase } = setting.stack.database;
  const directory = await withConnection(
    setting,
    maintenanceDatabase,
    { applicationName: 'hermes-ops looks' },
    async (client) => {
      // Not every user may see it; then it is where PostgreSQL's images have it.
      const { rows } = await client.query<{ setting: string }>(
        `select setting from pg_settings where name = 'data_directory'`,
      );
      return rows[0]?.setting ?? '/var/lib/postgresql/data';
    },
  );
  const { id } = await runningContainer(setting, 'database');
  return freeBytesIn(setting, id, directory);
}

/** Data and indexes, a third more for what sorting needs, and the write-ahead log of the load. */
function neededBytes(databaseBytes: number): number {
  return Math.ceil(databaseBytes * 1.3 + Math.min(databaseBytes, 1024 * mebibyte) + 64 * mebibyte);
}

function notEnoughSpace(freeBytes: number, needed: number): Error {
  const inMebibytes = (bytes: number): string => `${Math.round(bytes / mebibyte)} MiB`;
  return problem('NotEnoughSpace', {
    what: `The database server's volume has ${inMebibytes(freeBytes)} free; the restore needs ${inMebibytes(needed)}.`,
    state: 'Nothing was changed.',
    next: 'Make room on that volume, then start again.',
  });
}

interface LiveLook {
  rows: TableRows[];
  bytes: number;
  writesPerMinute: number;
  statistics: RestorePlan['statistics'];
}

async function lookAtLive(setting: Setting): Promise<LiveLook> {
  const { name } = setting.stack.database;
  return withConnection(
    setting,
    name,
    { applicationName: 'hermes-ops plans', endsWhenCancelled: true },
    async (client) => {
      const startedMs = performance.now();
      const before = await readStatistics(client);
      const rows = await countRows(client, await listTables(client));
      await new Promise((resolve) => {
        setTimeout(resolve, sampleMs);
      });
      const statistics = await readStatistics(client);
      const sampledMs = performance.now() - startedMs;
      const written = writtenBetween(before, statistics).reduce((sum, table) => sum + total(table), 0);
      return {
        rows,
        bytes: await sizeOf(client),
        writesPerMinute: Math.round((written * 60_000) / sampledMs),
        statistics,
      };
    },
  );
}

async function sizeOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>(
    'select pg_database_size(current_database())::text as bytes',
  );
  return Number(rows[0]?.bytes ?? 0);
}

/** Table by table: what a person must know before saying yes. */
export function compareTables(
  live: readonly TableRows[],
  backup: readonly TableRows[],
): Pick<RestorePlan, 'differences' | 'tablesEqual' | 'tablesOnlyInLive' | 'tablesOnlyInBackup'> {
  const inBackup = new Map(backup.map(({ table, rows }) => [table, rows]));
  const inLive = new Set(live.map(({ table }) => table));
  const both: TableDifference[] = live.flatMap(({ table, rows }) => {
    const backupRows = inBackup.get(table);
    return backupRows === undefined ? [] : [{ table, liveRows: rows, backupRows }];
  });
  const gap = ({ liveRows, backupRows }: TableDifference): number => Math.abs(liveRows - backupRows);
  return {
    differences: both
      .filter((difference) => gap(difference) > 0)
      .sort((a, b) => gap(b) - gap(a))
      .slice(0, shownDifferences),
    tablesEqual: both.filter((difference) => gap(difference) === 0).length,
    tablesOnlyInLive: live.filter(({ table }) => !inBackup.has(table)).map(({ table }) => table),
    tablesOnlyInBackup: backup.filter(({ table }) => !inLive.has(table)).map(({ table }) => table),
  };
}
