import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ManifestContent } from '../../src/activities/backups/manifest.ts';
import type { VerifiedBackup } from '../../src/activities/contract/backups.ts';
import type { DatabaseIdentity, RestorePlan } from '../../src/activities/contract/database.ts';
import { atRate } from './support/at-rate.ts';
import { type DatabaseServer, restoreIn, takeBackup } from './support/database-server.ts';
import { backupThatSays, type FirmDatabase, planOf, startFirmDatabase } from './support/firm-database.ts';
import { attemptOf } from './support/run.ts';

let firm: FirmDatabase;
let server: DatabaseServer;
let backup: VerifiedBackup;
let live: DatabaseIdentity;

beforeAll(async () => {
  firm = await startFirmDatabase();
  ({ server, backup, live } = firm);
});
afterAll(() => server?.project.remove());

describe('the plan of a restore', () => {
  test('says table by table what would be lost and gained, and what is being written', async () => {
    await server.sql(`begin; set local role postgres; delete from matters where id <= 7;
                      create table after_the_backup (id int); commit`);
    const writer = await server.connect();
    const writing = atRate(20, async () => {
      await writer.query('insert into after_the_backup values (1)');
    });
    const plan = await planOf(server.setting, backup);
    await writing.stop();
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
    const made = await backupThatSays(firm, change);
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
    const made = await backupThatSays(firm, { database: 'hermes_production' });
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
