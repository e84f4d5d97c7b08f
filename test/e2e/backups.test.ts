import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createBackupsActivities } from '../../src/activities/backups/activities.ts';
import { readManifest } from '../../src/activities/backups/manifest.ts';
import { checkSharedDirectory } from '../../src/activities/backups/shared-directory.ts';
import { countRows, listTables } from '../../src/activities/database/row-counts.ts';
import { restoreJob, restoreStep } from '../../src/activities/database/restore-job.ts';
import { removeJob, runJob } from '../../src/activities/docker/job-container.ts';
import { password } from './support/compose-project.ts';
import { attemptOf } from './support/run.ts';
import { backupRun, startServer, type TestServer } from './support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await server.sql(`
    create table matters (id bigint generated always as identity primary key, client text not null, note text);
    insert into matters (client, note) select 'client ' || n, repeat(md5(n::text), 3) from generate_series(1, 50000) n;
    create table events (id bigserial primary key, at timestamptz not null default now());
    insert into events select from generate_series(1, 1000);`);
});
afterAll(async () => server.remove());

/** Restores a published backup into a database of its own and counts there: the count that nobody can argue with. */
async function countRestored(backupId: string): Promise<{ table: string; rows: number }[]> {
  const database = `scratch_${backupId.replaceAll('-', '_')}`;
  await server.sql(`create database ${database} template template0`, [], 'postgres');
  const attempt = attemptOf();
  const outcome = await attempt.do(async () =>
    runJob(server.setting, await restoreJob(server.setting, backupId, database), () => undefined),
  );
  await attempt.do(() => removeJob(server.setting, restoreStep));
  expect(outcome).toMatchObject({ exitCode: 0, log: '' });
  const client = await server.session(database);
  const counted = await countRows(client, await listTables(client));
  await client.end();
  await server.sql(`drop database ${database}`, [], 'postgres');
  return counted.map(({ table, rows }) => ({ table, rows }));
}

describe('a backup', () => {
  test('taken under write load holds exactly the rows of its snapshot, table by table', async () => {
    const writer = await server.session();
    const enough = new AbortController();
    const writes = (async () => {
      let written = 0;
      for (; !enough.signal.aborted; written += 1) {
        await writer.query(`insert into matters (client) values ('during')`);
        await writer.query(`insert into events default values`);
        if (written % 5 === 0)
          await writer.query('delete from events where id = (select min(id) from events)');
      }
      return written;
    })();
    const run = backupRun(server);
    await run.dump();
    const verified = await run.publish();
    enough.abort();
    expect(await writes).toBeGreaterThan(10);
    await writer.end();

    const manifest = await readManifest(server.setting.stack.backups.directory, run.backupId);
    expect(manifest.tables).toEqual(await countRestored(run.backupId));
    const [live] = await server.sql('select count(*)::int as rows from matters');
    const matters = manifest.tables.find(({ table }) => table === 'public.matters')?.rows ?? 0;
    expect(matters).toBeGreaterThanOrEqual(50_000);
    expect(matters).toBeLessThan(Number(live?.['rows']));
    expect(verified).toMatchObject({
      backupId: run.backupId,
      digest: manifest.digest,
      database: 'hermes',
      tables: 2,
    });
  });

  test('is the worker’s own folder, names no password, and leaves nothing beside it', async () => {
    const run = backupRun(server, { by: 'ada', reason: 'before the move' });
    await run.dump();
    await run.publish();
    const { directory } = server.setting.stack.backups;
    const folder = join(directory, run.backupId);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await readdir(directory)).filter((name) => name.startsWith('.'))).toEqual([]);
    const text = await readFile(join(folder, 'manifest.json'), 'utf8');
    expect(text).not.toContain(password);
    expect(JSON.parse(text)).toMatchObject({
      by: 'ada',
      reason: 'before the move',
      kind: 'manual',
      runId: run.runId,
    });
    const jobs = { all: true, filters: { label: [`hermes-ops.run=${run.runId}`] } };
    expect(await server.docker.listContainers(jobs)).toEqual([]);
    const sessions = `select pid from pg_stat_activity where application_name like 'hermes-ops%'`;
    expect(await server.sql(sessions, [], 'postgres')).toEqual([]);
  });

  test('does not count before it was read back, and sealing or publishing twice is the same as once', async () => {
    const run = backupRun(server);
    const { backupId, activities } = run;
    const choose = async (): Promise<string> =>
      (await attemptOf().do(() => activities.chooseBackup({ backup: backupId }))).backupId;
    await run.dump();
    await expect(choose()).rejects.toMatchObject({ type: 'UnknownBackup' });
    const sealed = await run.attempt().do(() => activities.sealBackup({ backupId }));
    expect(await run.attempt().do(() => activities.sealBackup({ backupId }))).toEqual(sealed);
    await expect(choose()).rejects.toMatchObject({ type: 'UnknownBackup' });
    const verified = await run.attempt().do(() => activities.readBackAndPublish({ backupId }));
    expect(await choose()).toBe(backupId);
    expect(await run.attempt().do(() => activities.readBackAndPublish({ backupId }))).toEqual(verified);
    expect(await run.attempt().do(() => activities.sealBackup({ backupId }))).toEqual(sealed);
    expect(await attemptOf().do(() => activities.verifyBackup({ backupId }))).toEqual(verified);
    await attemptOf().do(() => activities.discardPartialBackup({ backupId }));
    expect(await choose()).toBe(backupId);
  });
});

describe('before a backup', () => {
  test('too little room is refused with the numbers', async () => {
    const { stack } = server.setting;
    const backups = { ...stack.backups, minimumFreeBytes: 2 ** 50 };
    const crowded = createBackupsActivities({ ...server.setting, stack: { ...stack, backups } });
    await expect(attemptOf().do(() => crowded.checkBackupSpace())).rejects.toMatchObject({
      type: 'NotEnoughSpace',
      message: expect.stringMatching(/has \d+ MiB free; a backup needs 10737\d+ MiB/),
    });
    const activities = createBackupsActivities(server.setting);
    expect(await attemptOf().do(() => activities.checkBackupSpace())).toMatchObject({
      database: 'hermes',
      serverVersion: expect.stringMatching(/^\d+\./),
    });
  });

  test('a database that does not exist is named', async () => {
    const { stack } = server.setting;
    const database = { ...stack.database, name: `no"such;database` };
    const other = createBackupsActivities({ ...server.setting, stack: { ...stack, database } });
    await expect(attemptOf().do(() => other.checkBackupSpace())).rejects.toMatchObject({
      type: 'UnknownDatabase',
      message: expect.stringContaining('no\\"such;database'),
    });
  });

  test('a directory that cannot be made is refused at once', async () => {
    const { stack } = server.setting;
    const directory = join(server.directory, 'a-file', 'backups');
    await writeFile(join(server.directory, 'a-file'), '');
    const backups = { ...stack.backups, directory };
    const other = createBackupsActivities({ ...server.setting, stack: { ...stack, backups } });
    await expect(attemptOf().do(() => other.checkBackupSpace())).rejects.toMatchObject({
      type: 'StackFile',
      message: expect.stringContaining(directory),
    });
  });

  test('a worker that sees another folder than the job containers do is told so', async () => {
    await checkSharedDirectory(server.setting);
    const { directory } = server.setting.stack.backups;
    expect((await readdir(directory)).filter((name) => name.startsWith('.token'))).toEqual([]);
    // As for a worker in a container without the mount: the containers' folder is another one than the worker's.
    const elsewhere = join(server.directory, 'elsewhere');
    await mkdir(elsewhere);
    // oxlint-disable-next-line typescript/unbound-method -- called with its own engine below
    const { createContainer } = Docker.prototype;
    vi.spyOn(Docker.prototype, 'createContainer').mockImplementationOnce(function (this: Docker, options) {
      const [mount] = options.HostConfig?.Mounts ?? [];
      if (mount !== undefined) mount.Source = elsewhere;
      return createContainer.call(this, options);
    });
    await expect(checkSharedDirectory(server.setting)).rejects.toMatchObject({
      type: 'StackFile',
      message: expect.stringContaining(directory),
    });
  });
});
