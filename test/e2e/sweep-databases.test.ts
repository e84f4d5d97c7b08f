import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { VerifiedBackup } from '../../src/activities/contract/backups.ts';
import type { DatabaseIdentity } from '../../src/activities/contract/database.ts';
import { type DatabaseServer, inHours, restoreIn } from './support/database-server.ts';
import { startFirmDatabase } from './support/firm-database.ts';
import { attemptOf } from './support/run.ts';

let server: DatabaseServer;
let backup: VerifiedBackup;
let live: DatabaseIdentity;

beforeAll(async () => {
  ({ server, backup, live } = await startFirmDatabase());
});
afterAll(() => server?.project.remove());

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
