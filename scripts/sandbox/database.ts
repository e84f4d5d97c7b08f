import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import { sandboxSources } from './folders.ts';

/** What the sandbox's database is called, and who owns it. */
export const sandboxDatabase = 'hermes';
export const sandboxDatabaseUser = 'postgres';

/** One value asked of a database inside the container, over its socket: no password. Throws CommandFailed. */
export async function query(container: string, sql: string, database = sandboxDatabase): Promise<string> {
  return run('docker', psql(container, database, ['--tuples-only', '--no-align', '--command', sql]));
}

/** Whether the tables are there. */
export async function isSeeded(container: string): Promise<boolean> {
  return (await query(container, "SELECT to_regclass('public.matters') IS NOT NULL")) === 't';
}

/** Makes tables, `rows` matters and all that belongs to them, in one transaction. The database must be empty. */
export async function seed(container: string, rows: number): Promise<void> {
  if (!Number.isSafeInteger(rows) || rows < 1 || rows > 100_000_000)
    throw new Error(`rows is ${rows}: expected a whole number from 1 to 100000000`);
  const folder = join(sandboxSources, 'schema');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  const statements = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  const args = ['--single-transaction', '--set', `rows=${rows}`, '--file', '-'];
  await run('docker', psql(container, sandboxDatabase, args), { input: statements.join('\n') });
}

/** Drops the database with all that is in it, ends its sessions, and makes an empty one. */
export async function recreateDatabase(container: string): Promise<void> {
  await query(container, `DROP DATABASE IF EXISTS ${sandboxDatabase} WITH (FORCE)`, 'postgres');
  await query(container, `CREATE DATABASE ${sandboxDatabase} TEMPLATE template0`, 'postgres');
}

function psql(container: string, database: string, args: string[]): string[] {
  const inContainer = ['exec', '--interactive', container, 'psql'];
  const strictly = ['--no-psqlrc', '--quiet', '--set', 'ON_ERROR_STOP=1'];
  return [...inContainer, ...strictly, '--username', sandboxDatabaseUser, '--dbname', database, ...args];
}
