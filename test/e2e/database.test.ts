import { randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ManifestContent, readManifest, sealed } from '../../src/activities/backups/manifest.ts';
import type { VerifiedBackup } from '../../src/activities/contract/backups.ts';
import type { DatabaseIdentity, RestorePlan } from '../../src/activities/contract/database.ts';
import { createDatabaseActivities } from '../../src/activities/database/activities.ts';
import type { Setting } from '../../src/activities/setting.ts';
import {
  type DatabaseServer,
  inHours,
  restoreIn,
  startDatabaseServer,
  takeBackup,
} from './support/database-server.ts';
import { firmSchema, firmSettings } from './support/firm-schema.ts';
import { type Attempt, attemptOf, failureOf } from './support/run.ts';

let server: DatabaseServer;
let backup: VerifiedBackup;
let live: DatabaseIdentity;

beforeAll(async () => {
  server = await startDatabaseServer();
  await server.sql(firmSchema);
  await server.sql(firmSettings('hermes'), 'postgres');
  backup = await takeBackup(server.setting);
  live = await server.identity('hermes');
});
afterAll(() => server?.project.remove());

function planOf(setting: Setting, { backupId, digest }: Pick<VerifiedBackup, 'backupId' | 'digest'>) {
  return attemptOf().do(() => createDatabaseActivities(setting).planRestore({ backupId, digest }));
}

/** A backup like the real one, whose manifest says something else. Only planning looks no further. */
async function backupThatSays(change: Partial<ManifestContent>): Promise<VerifiedBackup> {
  const { directory } = server.setting.stack.backups;
  const backupId = `made-up-${randomUUID().slice(0, 8)}`;
  const { digest: _, ...content } = await readManifest(directory, backup.backupId);
  const manifest = sealed({ ...content, ...change, backupId });
  await mkdir(join(directory, backupId));
  await writeFile(join(directory, backupId, 'manifest.json'), JSON.stringify(manifest));
  return { ...backup, backupId, digest: manifest.digest };
}

describe('the plan of a restore', () => {
  test('says table by table what would be lost and gained, and what is being written', async () => {
    await server.sql(`begin; set local role postgres; delete from matters where id <= 7;
                      create table after_the_backup (id int); commit`);
    const writer = await server.connect();
    const written = setInterval(() => void writer.query('insert into after_the_backup values (1)'), 50);
    const plan = await planOf(server.setting, backup);
    clearInterval(written);
    await writer.end();
    expect(plan).toMatchObject({
      live,
      differences: [{ table: 'public.matters', liveRows: 2993, backupRows: 3000 }],
      tablesOnlyInLive: ['public.after_the_backup'],
      tablesOnlyInBackup: [],
      endsUndoOf: [],
      warnings: [],
    });
    expect(plan.writesPerMinute).toBeGreaterThan(0);
    expect(plan.serverFreeBytes).toBeGreaterThan(plan.serverNeededBytes);
    expect(plan.expectedSeconds).toBeGreaterThan(0);
    await server.sql('drop table after_the_backup');
  });

  test.each<[string, Partial<ManifestContent>, string, RegExp]>([
    ['of another database', { database: 'other' }, 'WrongDatabase', /database other, the stack's is hermes/],
    [
      'of a newer server',
      { serverVersionNum: 990_001, serverVersion: '99.1' },
      'NewerServer',
      /99\.1.*version 15/,
    ],
    [
      'that does not fit on the disk',
      { databaseBytes: 10 ** 15 },
      'NotEnoughSpace',
      /MiB free; .* needs \d+ MiB/,
    ],
    ['with roles that are not here', { roles: ['postgres', 'gone'] }, 'UnknownRole', /lacks: gone/],
  ])('refuses a backup %s', async (_, change, type, message) => {
    const made = await backupThatSays(change);
    await expect(planOf(server.setting, made)).rejects.toMatchObject({
      type,
      nonRetryable: true,
      message: expect.stringMatching(message),
    });
  });

  test('refuses a backup that was replaced after it was checked', async () => {
    const digest = 'a'.repeat(64);
    await expect(planOf(server.setting, { ...backup, digest })).rejects.toMatchObject({
      type: 'DamagedBackup',
    });
    await expect(restoreIn(attemptOf(), server.setting, live, { ...backup, digest })).rejects.toMatchObject({
      type: 'DamagedBackup',
    });
    expect(await server.names()).toEqual(['hermes']);
  });

  test('names the databases that there are when the one of the stack file is not among them', async () => {
    const setting = server.as({ name: 'hermes_production' });
    const made = await backupThatSays({ database: 'hermes_production' });
    await expect(planOf(setting, made)).rejects.toMatchObject({
      type: 'UnknownDatabase',
      message: expect.stringContaining('hermes, postgres'),
    });
    await expect(takeBackup(setting)).rejects.toMatchObject({
      type: 'UnknownDatabase',
      message: expect.stringContaining('hermes, postgres'),
    });
  });

  test('refuses where a prepared transaction would forbid the swap', async () => {
    await server.sql(`begin; lock firms in access share mode; prepare transaction 'forgotten'`);
    await expect(planOf(server.setting, backup)).rejects.toMatchObject({ type: 'UnsafeToRestore' });
    await server.sql(`rollback prepared 'forgotten'`);
  });

  test('refuses a user who could not swap in the end', async () => {
    await server.sql(`create role limited login password '${await server.setting.secret({ env: 'X' })}' in role pg_read_all_data;
                      grant connect on database hermes to limited`);
    await expect(planOf(server.as({ user: 'limited' }), backup)).rejects.toMatchObject({
      type: 'UnsafeToRestore',
      message: expect.stringMatching(/limited .* lacks CREATEDB and the membership of postgres/),
    });
    await server.sql('revoke connect on database hermes from limited; drop role limited');
  });

  test('names a replication slot, which would stay behind', async () => {
    await server.sql(`select pg_create_logical_replication_slot('warehouse', 'pgoutput')`);
    expect((await planOf(server.setting, backup)).warnings).toEqual([expect.stringContaining('warehouse')]);
    await server.sql(`select pg_drop_replication_slot('warehouse')`);
  });

  test('is stale when another database took the name', async () => {
    const plan: RestorePlan = await planOf(server.setting, backup);
    const confirm = (changed: RestorePlan) =>
      attemptOf().do(() => server.database.confirmRestorePlan({ plan: changed }));
    await confirm(plan);
    await expect(confirm({ ...plan, live: { ...live, oid: live.oid + 1 } })).rejects.toMatchObject({
      type: 'StalePlan',
    });
    await expect(confirm({ ...plan, serverNeededBytes: 10 ** 15 })).rejects.toMatchObject({
      type: 'NotEnoughSpace',
    });
  });
});

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

  const damages: [string, string, RegExp][] = [
    ['rows are missing', 'delete from matters where id > 2990', /public\.matters: 2990 rows, expected 3000/],
    ['a table is missing', 'drop table scratch', /table public\.scratch is missing/],
    ['a table is too many', 'create table extra ()', /table public\.extra is not in the backup/],
    [
      'a foreign key is missing',
      'alter table matters drop constraint matters_firm',
      /missing constraint: public\.matters\.matters_firm/,
    ],
    [
      'a foreign key is not validated',
      'alter table matters drop constraint matters_firm, add constraint matters_firm foreign key (firm) references firms not valid',
      /constraint public\.matters\.matters_firm is validated f/,
    ],
    [
      'a constraint of a domain is missing',
      'alter domain dollars drop constraint no_debts',
      /missing constraint of a domain: public\.dollars\.no_debts/,
    ],
    ['an index is missing', 'drop index matters_client', /missing index: public\.matters_client/],
    [
      'an index is not valid',
      `update pg_index set indisvalid = false where indexrelid = 'matters_client'::regclass`,
      /index public\.matters_client is valid f/,
    ],
    [
      'a materialized view has no rows',
      'refresh materialized view matters_by_firm with no data',
      /relation public\.matters_by_firm is .*populated f/,
    ],
    ['a recursive view is missing', 'drop view countdown', /missing view: public\.countdown/],
    [
      'a view is another one',
      'create or replace view open_matters as select id, client from matters',
      /view public\.open_matters is/,
    ],
    [
      'a grant on a table is missing',
      'revoke select on matters from firm_clerk',
      /relation public\.matters is/,
    ],
    [
      'a grant on a column is missing',
      'revoke insert (client) on matters from firm_clerk',
      /column public\.matters\.client is/,
    ],
    [
      'a grant on a sequence is missing',
      'revoke usage on sequence invoices from firm_clerk',
      /sequence public\.invoices is/,
    ],
    [
      'a grant for later tables is missing',
      'alter default privileges in schema public revoke select on tables from firm_clerk',
      /missing default grant/,
    ],
    [
      'an owner is another',
      'alter table "Old Cases"."Case; Files" owner to postgres',
      /relation "Old Cases"\."Case; Files" is/,
    ],
    [
      'row security is off',
      'alter table matters disable row level security',
      /relation public\.matters is .*row security f/,
    ],
    [
      'a policy is missing',
      'drop policy own_matters on matters',
      /missing policy: public\.matters\.own_matters/,
    ],
    [
      'a trigger is missing',
      'drop trigger matters_touch on matters',
      /missing trigger: public\.matters\.matters_touch/,
    ],
    [
      'a disabled trigger is enabled',
      'alter table matters enable trigger matters_asleep',
      /trigger public\.matters\.matters_asleep is enabled O/,
    ],
    ['an event trigger is missing', 'drop event trigger watch', /missing event trigger: watch/],
    ['a rule is missing', 'drop rule no_deletes on firms', /missing rule: public\.firms\.no_deletes/],
    ['a function is missing', 'drop procedure close_all()', /missing routine: public\.close_all\(\)/],
    [
      'a function is another one',
      `create or replace procedure close_all() language sql as 'delete from matters'`,
      /routine public\.close_all\(\) is/,
    ],
    [
      'a label of an enumeration is too many',
      `alter type matter_status add value 'lost'`,
      /type public\.matter_status is/,
    ],
    [
      'a default is another',
      `alter table matters alter column status set default 'open'`,
      /column public\.matters\.status is/,
    ],
    [
      'a generated column is a plain one',
      'alter table matters alter column reference drop expression',
      /column public\.matters\.reference is/,
    ],
    [
      'a sequence is behind',
      `select setval('invoices', 4990)`,
      /sequence public\.invoices is at 4990, behind 5000/,
    ],
    ['an extension is missing', 'drop extension pg_trgm cascade', /missing extension: pg_trgm/],
    [
      'a partition is detached',
      'alter table calls detach partition calls_2026',
      /relation public\.calls_2026 is/,
    ],
    [
      'a publication lacks a table',
      'alter publication for_the_warehouse drop table matters',
      /publication for_the_warehouse is/,
    ],
    ['a statistics object is missing', 'drop statistics matters_statistics', /missing statistics object/],
    ['a comment is missing', 'comment on table matters is null', /missing comment: table public\.matters/],
    [
      'a large object is missing',
      'select lo_unlink(oid) from pg_largeobject_metadata',
      /large objects all is 0, expected 1/,
    ],
    [
      'a text search configuration is missing',
      'drop text search configuration legal',
      /missing other object: text search configuration public\.legal/,
    ],
    ['a cast is missing', 'drop cast (address as text)', /missing other object: cast/],
    [
      'a user mapping is missing',
      'drop user mapping for firm_clerk server archive',
      /missing user mapping: archive for firm_clerk/,
    ],
  ];

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
    const copy = await backupThatSays({});
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

describe('the sweep', () => {
  const marked = async (name: string, mark: Record<string, unknown>, oid?: number) => {
    await server.sql(`create database ${name}`, 'postgres');
    const full = {
      oid: oid ?? (await server.identity(name)).oid,
      stack: server.setting.stack.stack,
      procedure: 'restoreDatabase',
      workflowId: 'ended',
      runId: 'ended',
      ...mark,
    };
    await server.sql(
      `comment on database ${name} is '${JSON.stringify({ 'hermes-ops': full })}'`,
      'postgres',
    );
  };

  test('drops what ended runs left and what is past its date, and nothing else', async () => {
    server.alive.add('alive');
    await marked('shadow_of_ended', { purpose: 'shadow' });
    await marked('shadow_of_alive', { purpose: 'shadow', runId: 'alive' });
    await marked('kept_past', { purpose: 'kept', keepUntil: inHours(-1) });
    await marked('kept_past_of_alive', { purpose: 'kept', keepUntil: inHours(-1), runId: 'alive' });
    await marked('kept_until_later', { purpose: 'kept', keepUntil: inHours(1) });
    await marked('undone_past', { purpose: 'undone', keepUntil: inHours(-1) });
    await marked('of_another_stack', { purpose: 'shadow', stack: 'other' });
    await marked('with_a_copied_comment', { purpose: 'shadow' }, 1);
    await marked('with_a_slot', { purpose: 'kept', keepUntil: inHours(-1) });
    await server.sql(`select pg_create_logical_replication_slot('forgotten', 'pgoutput')`, 'with_a_slot');
    // Looks like one of ours, and is somebody's own.
    await server.sql('create database hermes_restore_20251117', 'postgres');
    await server.sql(
      `insert into hermes_ops.making (name, stack, procedure, workflow_id, run_id)
       values ('unmarked', $1, 'x', 'ended', 'ended'), ('never_made', $1, 'x', 'ended', 'ended')`,
      'postgres',
      [server.setting.stack.stack],
    );
    await server.sql('create database unmarked', 'postgres');

    const { dropped, kept } = await attemptOf().do(() => server.database.sweepDatabases());
    expect(dropped).toEqual(['kept_past', 'shadow_of_ended', 'undone_past', 'unmarked']);
    expect(kept).toEqual([
      { name: 'kept_past_of_alive', reason: 'its run is alive' },
      { name: 'kept_until_later', reason: expect.stringContaining('kept until') },
      { name: 'shadow_of_alive', reason: 'its run is alive' },
      { name: 'with_a_slot', reason: expect.stringContaining('forgotten') },
    ]);
    expect(await server.names()).toEqual([
      'hermes',
      'hermes_restore_20251117',
      'kept_past_of_alive',
      'kept_until_later',
      'of_another_stack',
      'shadow_of_alive',
      'with_a_copied_comment',
      'with_a_slot',
    ]);
    expect(await server.sql('select from hermes_ops.making', 'postgres')).toEqual([]);
    await server.sql(`select pg_drop_replication_slot('forgotten')`, 'postgres');
    for (const name of (await server.names()).filter((one) => one !== 'hermes'))
      await server.sql(`drop database ${name}`, 'postgres');
  });

  test('never drops the live database, whatever is written on it', async () => {
    const [{ comment } = { comment: '' }] = await server.sql<{ comment: string }>(
      `select shobj_description(${live.oid}, 'pg_database') as comment`,
    );
    const mark = {
      oid: live.oid,
      purpose: 'shadow',
      stack: server.setting.stack.stack,
      procedure: 'x',
      workflowId: 'ended',
      runId: 'ended',
    };
    await server.sql(`comment on database hermes is '${JSON.stringify({ 'hermes-ops': mark })}'`, 'postgres');
    const { dropped } = await attemptOf().do(() => server.database.sweepDatabases());
    expect(dropped).toEqual([]);
    await expect(
      attemptOf().do(() => server.database.dropDatabase({ database: live })),
    ).rejects.toMatchObject({
      type: 'UnsafeToRestore',
    });
    await server.sql(`comment on database hermes is '${comment.replaceAll("'", "''")}'`, 'postgres');
    expect(await server.names()).toEqual(['hermes']);
  });

  test('lets customers write again where a run that ended had fenced them out', async () => {
    const attempt = attemptOf();
    await attempt.do(() => server.database.fenceWrites({ database: live }));
    await attempt.do(() => server.database.fenceWrites({ database: live }));
    const write = () => server.sql('update matters set client = client where id = 100');
    await expect(write()).rejects.toMatchObject({ code: '25006' });
    server.alive.add(attempt.runId);
    await attemptOf().do(() => server.database.sweepDatabases());
    await expect(write()).rejects.toMatchObject({ code: '25006' });
    server.alive.delete(attempt.runId);
    await attemptOf().do(() => server.database.sweepDatabases());
    await write();
  });

  test('a fence is not copied to a restored database', async () => {
    const attempt = attemptOf();
    await attempt.do(() => server.database.fenceWrites({ database: live }));
    const shadow = await restoreIn(attempt, server.setting, live, backup);
    await server.sql("insert into firms (id, name) values ('new', 'New')", shadow.name);
    await attempt.do(() => server.database.liftFence({ database: live }));
    await attempt.do(() => server.database.liftFence({ database: live }));
    await server.sql('update matters set client = client where id = 100');
    await attempt.do(() => server.database.discardShadow());
  });
});

describe('dropping', () => {
  test('gone already is success, and what is not ours is refused', async () => {
    await attemptOf().do(() => server.database.dropDatabase({ database: { name: 'gone', oid: 1 } }));
    await server.sql('create database somebodys', 'postgres');
    const database = await server.identity('somebodys');
    await expect(attemptOf().do(() => server.database.dropDatabase({ database }))).rejects.toMatchObject({
      type: 'UnsafeToRestore',
    });
    await server.sql('drop database somebodys', 'postgres');
  });
});
