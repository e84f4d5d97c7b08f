import { readdir } from 'node:fs/promises';
import type { Installation } from '../../e2e/support/installation.ts';

const patienceMs = 10_000;
const lookIntervalMs = 200;

export interface Expected {
  /** Databases beside `hermes` that are there for a reason. */
  kept?: string[];
}

/**
 * What is there and should not be: databases, containers, unfinished backups, locks, sessions, fences. Sessions end a
 * moment after the run that they served: looked at until there is nothing, for ten seconds.
 */
export async function leftovers(hermes: Installation, expected: Expected = {}): Promise<string[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await look(hermes, expected);
    if (found.length === 0 || Date.now() > deadline) return found;
    await new Promise((resolve) => {
      setTimeout(resolve, lookIntervalMs);
    });
  }
}

async function look(hermes: Installation, { kept = [] }: Expected): Promise<string[]> {
  const databases = await databasesOf(hermes);
  const unknown = databases.filter((name) => name !== 'hermes' && !kept.includes(name));
  return [
    ...(databases.includes('hermes') ? [] : ['there is no database hermes']),
    ...unknown.map((name) => `database ${name}`),
    ...kept.filter((name) => !databases.includes(name)).map((name) => `${name} is not there`),
    ...(await containers(hermes)),
    ...(await unfinishedBackups(hermes)),
    ...(await locks(hermes)),
    ...(await sessions(hermes)),
  ];
}

/** Every database but the server's own. */
export async function databasesOf(hermes: Installation): Promise<string[]> {
  const rows = await hermes.sql<{ name: string }>(
    `select datname as name from pg_database where not datistemplate and datname <> 'postgres' order by 1`,
    [],
    'postgres',
  );
  return rows.map(({ name }) => name);
}

async function containers({ docker, project }: Installation): Promise<string[]> {
  const found = await docker.listContainers({
    all: true,
    filters: { label: [`hermes-ops.stack=${project}`] },
  });
  return found.map(({ Names, State }) => `container ${Names.join(' ')} (${State})`);
}

async function unfinishedBackups({ backups }: Installation): Promise<string[]> {
  const entries = await readdir(backups).catch(() => []);
  return entries.filter((name) => name.startsWith('.')).map((name) => `file ${name}`);
}

async function locks({ client, project }: Installation): Promise<string[]> {
  const found = ['database', 'service/api'].map(async (resource) => {
    const lockId = `lock/${project}/${resource}`;
    const lock = await client.workflow
      .getHandle(lockId)
      .describe()
      .catch(() => undefined);
    return lock?.status.name === 'RUNNING' ? [`the lock workflow ${lockId} runs`] : [];
  });
  return (await Promise.all(found)).flat();
}

async function sessions(hermes: Installation): Promise<string[]> {
  const rows = await hermes.sql<{ what: string }>(
    `select 'session ' || application_name as what from pg_stat_activity where application_name like 'hermes-ops%'
     union all select 'advisory lock of ' || pid from pg_locks where locktype = 'advisory'`,
    [],
    'postgres',
  );
  return rows.map(({ what }) => what);
}

/** What the journal on the server says of a run: `swap`, `swap-back`. */
export async function journalOf(hermes: Installation, runId: string): Promise<string[]> {
  const rows = await hermes.sql<{ action: string }>(
    'select action from hermes_ops.journal where run_id = $1 order by at',
    [runId],
    'postgres',
  );
  return rows.map(({ action }) => action);
}
