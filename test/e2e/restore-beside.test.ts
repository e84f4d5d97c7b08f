import { randomUUID } from 'node:crypto';
import { cp, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifest } from '../../src/activities/backups/manifest.ts';
import type { VerifiedBackup } from '../../src/activities/contract/backups.ts';
import type { DatabaseIdentity } from '../../src/activities/contract/database.ts';
import { damages } from './support/damages.ts';
import { type DatabaseServer, restoreIn } from './support/database-server.ts';
import { backupThatSays, type FirmDatabase, planOf, startFirmDatabase } from './support/firm-database.ts';
import { type Attempt, attemptOf, failureOf } from './support/run.ts';

let firm: FirmDatabase;
let server: DatabaseServer;
let backup: VerifiedBackup;
let live: DatabaseIdentity;

beforeAll(async () => {
  firm = await startFirmDatabase();
  ({ server, backup, live } = firm);
});
afterAll(() => server?.project.remove());

describe('a restore beside the live database', () => {
  let attempt: Attempt;
  let shadow: DatabaseIdentity;
  beforeAll(async () => {
    attempt = attemptOf();
    server.alive.add(attempt.runId);
    shadow = await restoreIn(attempt, server.setting, live, backup);
  });
  afterAll(() => attempt.do(() => server.database.discardShadow()));

  const verify = (identity: DatabaseIdentity) =>
    attempt.do(() => server.database.verifyShadow({ shadow: identity, backupId: backup.backupId }));

  test('has everything that the backup had, and what belongs to the database itself', async () => {
    const verification = await verify(shadow);
    expect(verification).toMatchObject({ tables: 7, rows: 3403 });
    expect(verification.objects).toBeGreaterThan(60);
    expect(await server.names()).toEqual(['hermes', shadow.name]);
  });

  test('done already is returned as it is', async () => {
    const again = await restoreIn(
      attemptOf({ runId: attempt.runId, attempt: 2 }),
      server.setting,
      live,
      backup,
    );
    expect(again).toMatchObject({ name: shadow.name, oid: shadow.oid });
  });

  test('leaves no container and no secret in one', async () => {
    const { docker, name } = server.project;
    const jobs = await docker.listContainers({ all: true, filters: { label: [`hermes-ops.stack=${name}`] } });
    expect(jobs).toEqual([]);
  });

  test('teaches the next plan how long it takes here', async () => {
    const [row] = await server.sql<{ restores: string }>(
      'select count(*) as restores from hermes_ops.restored',
      'postgres',
    );
    expect(row?.restores).toBe('1');
    expect((await planOf(server.setting, backup)).expectedSeconds).toBeLessThan(60);
  });

  test.each(damages)('is refused when %s', async (_, damage, difference) => {
    await server.sql(`create database damaged template "${shadow.name}"`, 'postgres');
    await server.sql(damage, 'damaged');
    const failure = await failureOf(verify(await server.identity('damaged')));
    await server.sql('drop database damaged with (force)', 'postgres');
    expect(failure).toMatchObject({ type: 'VerificationFailed', message: expect.stringMatching(difference) });
    expect(String(failure)).not.toContain('not for an inventory');
  });

  test.each([
    ['its connection limit', `connection limit 5`, `connection limit 90`, /connection limit: 5, expected 90/],
    [
      'a setting',
      `set work_mem = '1MB'`,
      `set work_mem = '9MB'`,
      /database settings: .*1MB.*, expected .*9MB/,
    ],
  ])('is refused when %s is another than the live one’s', async (_, change, back, difference) => {
    await server.sql(`alter database "${shadow.name}" ${change}`, 'postgres');
    const failure = await failureOf(verify(shadow));
    await server.sql(`alter database "${shadow.name}" ${back}`, 'postgres');
    expect(failure).toMatchObject({ type: 'VerificationFailed', message: expect.stringMatching(difference) });
    await verify(shadow);
  });

  test('gives new sessions the live one’s settings', async () => {
    const shown = async (database: string) =>
      server.sql(
        `select current_setting('search_path') as path, current_setting('firm.region') as region,
                         current_setting('work_mem') as memory`,
        database,
      );
    expect(await shown(shadow.name)).toEqual(await shown('hermes'));
    expect(await shown('hermes')).toEqual([
      { path: '"$user", public, "Old Cases"', region: 'us-east, "quoted"', memory: '9MB' },
    ]);
  });

  test('of a backup from another version of PostgreSQL is compared by name', async () => {
    const { directory } = server.setting.stack.backups;
    const copy = await backupThatSays(firm, {});
    const file = join(directory, backup.backupId, 'inventory.json');
    const inventory = (await readFile(file, 'utf8')).replaceAll('validated t', 'validated in other words');
    const request = { shadow, backupId: copy.backupId };
    const check = async (content: string) => {
      await writeFile(join(directory, copy.backupId, 'inventory.json'), content);
      return attempt.do(() => server.database.verifyShadow(request));
    };
    await expect(check(inventory)).rejects.toMatchObject({ type: 'VerificationFailed' });
    const { checks } = await check(inventory.replace('"serverMajor":15', '"serverMajor":14'));
    expect(checks).toContainEqual(expect.stringContaining('by name only'));
  });
});

describe('a restore that goes wrong', () => {
  test('fails for good when the archive cannot be read, quotes no rows, and leaves nothing', async () => {
    const { directory } = server.setting.stack.backups;
    const backupId = 'truncated';
    await cp(join(directory, backup.backupId), join(directory, backupId), { recursive: true });
    const { files } = await readManifest(directory, backup.backupId);
    const data = files.find(({ table }) => table === 'public.matters')?.name ?? '';
    await truncate(join(directory, backupId, data), 2000);
    const attempt = attemptOf();
    const failure = await failureOf(restoreIn(attempt, server.setting, live, { ...backup, backupId }));
    expect(failure).toMatchObject({ type: 'JobFailed', nonRetryable: true });
    expect(String(failure)).not.toContain('Client ');
    await attempt.do(() => server.database.discardShadow());
    expect(await server.names()).toEqual(['hermes']);
    const jobs = await server.project.docker.listContainers({
      all: true,
      filters: { label: [`hermes-ops.run=${attempt.runId}`] },
    });
    expect(jobs).toEqual([]);
  });

  test('goes on with the same job when its session is ended and it is tried again', async () => {
    const runId = randomUUID();
    const first = attemptOf({ runId });
    const jobsOf = async () =>
      (
        await server.project.docker.listContainers({
          all: true,
          filters: { label: [`hermes-ops.run=${runId}`] },
        })
      ).map(({ Id }) => Id);
    const failure = failureOf(restoreIn(first, server.setting, live, backup));
    await first.progress(/Restored/);
    await server.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'hermes-ops ${runId} %'`,
      'postgres',
    );
    expect(await failure).toMatchObject({ type: 'Unreachable' });
    const [job] = await jobsOf();
    expect(job).toBeDefined();
    const second = attemptOf({ runId, attempt: 2 });
    const restoring = restoreIn(second, server.setting, live, backup);
    const looked = second.progress(/Restored|Gathering/).then(jobsOf);
    const shadow = await restoring;
    expect(await looked).toEqual([job]);
    await second.do(() => server.database.verifyShadow({ shadow, backupId: backup.backupId }));
    await second.do(() => server.database.discardShadow());
  });

  test('begins again with a database that was created and not yet marked', async () => {
    const attempt = attemptOf();
    const name = `hermes_restore_${attempt.runId.replaceAll('-', '').slice(-8)}`;
    await server.sql(
      `insert into hermes_ops.making (name, stack, procedure, workflow_id, run_id) values ($1, $2, 'x', 'test', $3)`,
      'postgres',
      [name, server.setting.stack.stack, attempt.runId],
    );
    await server.sql(`create database "${name}"`, 'postgres');
    const shadow = await restoreIn(attempt, server.setting, live, backup);
    await attempt.do(() => server.database.verifyShadow({ shadow, backupId: backup.backupId }));
    await attempt.do(() => server.database.discardShadow());
    expect(await server.names()).toEqual(['hermes']);
  });

  test('never touches a database of somebody else under the name that it would take', async () => {
    const attempt = attemptOf();
    const name = `hermes_restore_${attempt.runId.replaceAll('-', '').slice(-8)}`;
    await server.sql(`create database "${name}"`, 'postgres');
    const other = await server.identity(name);
    await expect(restoreIn(attempt, server.setting, live, backup)).rejects.toMatchObject({
      type: 'UnsafeToRestore',
    });
    await attempt.do(() => server.database.discardShadow());
    expect(await server.identity(name)).toEqual(other);
    await server.sql(`drop database "${name}"`, 'postgres');
  });
});
