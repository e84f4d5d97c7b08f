import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { backupsMount, jobProblem, toolsJob } from '../database/tools-job.ts';
import { removeJob, runJob } from '../docker/job-container.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { partialFolder } from './folder.ts';
import { dumpFolder } from './manifest.ts';
import type { Snapshot } from './snapshot.ts';

export const contentsStep = 'contents';
/** The archive's own list of what is in it, for people too. */
const contentsFile = 'contents.txt';

/** Which data file of an unfinished backup holds whose rows, by the archive's own list. Throws JobFailed. */
export async function tablesByFile(
  setting: Setting,
  backupId: string,
  { tables }: Pick<Snapshot, 'tables'>,
): Promise<Map<string, string>> {
  const folder = `${backupsMount}/.partial-${backupId}`;
  const job = await toolsJob(setting, {
    step: contentsStep,
    access: 'rw',
    argv: ['pg_restore', '--list', `--file=${folder}/${contentsFile}`, `${folder}/${dumpFolder}`],
  });
  // Each attempt lists anew: the folder may be a later one than an earlier attempt's.
  await removeJob(setting, contentsStep);
  const outcome = await runJob(setting, job, () => reportProgress('Listing what the archive holds'));
  await removeJob(setting, contentsStep);
  if (outcome.exitCode !== 0) {
    throw jobProblem('JobFailed', `pg_restore cannot list the dump of ${backupId}`, outcome);
  }
  const path = join(partialFolder(setting.stack.backups.directory, backupId), contentsFile);
  return parseContents(await readFile(path, 'utf8'), tables);
}

/** Lines such as `3340; 0 16390 TABLE DATA public matters postgres`: the entry's number names its file. */
export function parseContents(
  list: string,
  tables: readonly { table: string; oid: number }[],
): Map<string, string> {
  const names = new Map(tables.map(({ table, oid }) => [String(oid), table]));
  const found = new Map<string, string>();
  for (const [, entry, oid = ''] of list.matchAll(/^(\d+); \d+ (\d+) TABLE DATA /gm)) {
    const table = names.get(oid);
    if (table !== undefined) found.set(`${dumpFolder}/${entry}.dat`, table);
  }
  return found;
}
