import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifest } from '../../src/activities/backups/manifest.ts';
import { runningContainer } from '../../src/activities/docker/service-containers.ts';
import { failureOf } from './support/run.ts';
import { backupRun, startServer, type TestServer, untilSessions } from './support/server.ts';

const database = `odd "name"; drop table matters --`;
const snapshotSession = 'hermes-ops snapshot';

let server: TestServer;
beforeAll(async () => {
  server = await startServer(database);
  await addExtension();
  await server.sql(`
    create table matters (id int primary key, note text);
    insert into matters select n, 'note ' || n from generate_series(1, 300) n;
    create schema "Old Cases";
    create table "Old Cases"."select; ""quoted""" (a text);
    insert into "Old Cases"."select; ""quoted""" values ('x'), ('\\.'), (E'\\\\.'), (E'two\\nlines'), (E'\\r\\n'), (''), (null);
    create table "Ünïcode
newline 雪" (a int);
    insert into "Ünïcode
newline 雪" values (1), (2);
    create table nothing ();
    insert into nothing default values;
    insert into nothing default values;
    create table empty (a int);
    create unlogged table scratch (a int);
    insert into scratch select generate_series(1, 9);
    create table parts (at int, b text) partition by range (at);
    create table parts_1 partition of parts for values from (0) to (10);
    create table parts_2 partition of parts for values from (10) to (20);
    insert into parts select n, 'p' from generate_series(0, 14) n;
    create table child () inherits (matters);
    insert into child values (1001, 'child');
    create table computed (a int, b int generated always as (a * 2) stored);
    insert into computed (a) values (1), (2);
    create materialized view recent as select * from matters where id > 290;
    create extension postgres_fdw;
    create server elsewhere foreign data wrapper postgres_fdw;
    create foreign table far (a int) server elsewhere;
    create extension hermes_test_extension;
    insert into extension_settings values ('mine', false), ('mine too', false);
    select lo_from_bytea(0, 'large');`);
});
afterAll(async () => server.remove());

/** An extension with a table of its own rows, one of settings with some of the user's, and one that no dump carries. */
async function addExtension(): Promise<void> {
  const { id } = await runningContainer(server.setting, 'database');
  const script = `cd /usr/share/postgresql/15/extension
    printf "default_version = '1.0'\\n" > hermes_test_extension.control
    cat > hermes_test_extension--1.0.sql <<'SQL'
create table extension_private (a int);
insert into extension_private values (1), (2), (3);
create table extension_settings (name text, own boolean);
insert into extension_settings values ('theirs', true);
select pg_catalog.pg_extension_config_dump('extension_settings', 'WHERE NOT own');
SQL`;
  await promisify(execFile)('docker', ['exec', '--user', 'root', id, 'sh', '-c', script]);
}

async function backUp(): Promise<Map<string, number>> {
  const run = backupRun(server);
  await run.dump();
  await run.publish();
  const { tables } = await readManifest(server.setting.stack.backups.directory, run.backupId);
  return new Map(tables.map(({ table, rows }) => [table, rows]));
}

describe('a backup of', () => {
  test('tables of every kind and name is complete, and knows the rows of each', async () => {
    expect(Object.fromEntries(await backUp())).toEqual({
      '"Old Cases"."select; ""quoted"""': 7,
      'public."Ünïcode\nnewline 雪"': 2,
      'public.child': 1,
      'public.computed': 2,
      'public.empty': 0,
      'public.extension_settings': 2,
      'public.matters': 300,
      'public.nothing': 2,
      'public.parts_1': 10,
      'public.parts_2': 5,
      'public.scratch': 9,
    });
  });

  test('a table that a transaction rewrites while the dump waits has its rows', async () => {
    const other = await server.session();
    await other.query('begin; truncate matters; insert into matters select n from generate_series(1, 222) n');
    const backup = backUp();
    await untilSessions(server, snapshotSession, `wait_event_type = 'Lock'`);
    await other.query('commit');
    await other.end();
    expect((await backup).get('public.matters')).toBe(222);
  });

  test('a state says the time after that state: a write that is in it was before', async () => {
    const other = await server.session();
    await other.query('begin; alter table matters add column late int');
    const run = backupRun(server);
    const dump = run.dump();
    await untilSessions(server, snapshotSession, `wait_event_type = 'Lock'`);
    await server.sql('insert into empty values (1)');
    const insertedAt = Date.now();
    await other.query('commit');
    await other.end();
    await dump;
    const verified = await run.publish();
    expect(Date.parse(verified.takenAt)).toBeGreaterThanOrEqual(insertedAt);
  });

  test('a table that cannot be locked is tried again, and says which and who', async () => {
    const other = await server.session();
    await other.query('begin; lock table matters in access exclusive mode');
    const failure = await failureOf(backupRun(server).dump());
    await other.query('rollback');
    await other.end();
    expect(failure).toMatchObject({
      type: 'Unreachable',
      nonRetryable: false,
      message: expect.stringMatching(/Held: .*\bmatters by session \d+ \(test, idle in transaction\)/),
    });
  });

  test('a database whose sessions end after a while by themselves is complete', async () => {
    const name = `"${database.replaceAll('"', '""')}"`;
    for (const timeout of [
      'statement_timeout',
      'idle_in_transaction_session_timeout',
      'idle_session_timeout',
    ])
      await server.sql(`alter database ${name} set ${timeout} = '300ms'`, [], 'postgres');
    expect((await backUp()).get('public.parts_1')).toBe(10);
    for (const timeout of [
      'statement_timeout',
      'idle_in_transaction_session_timeout',
      'idle_session_timeout',
    ])
      await server.sql(`alter database ${name} reset ${timeout}`, [], 'postgres');
  });
});

test('somebody who changes a table in the middle neither waits for ever nor spoils the backup', async () => {
  const run = backupRun(server);
  const dump = run.dump();
  const other = await server.session();
  await untilSessions(server, snapshotSession, `state = 'idle in transaction'`);
  await other.query('alter table parts_1 add column in_the_middle int').catch(() => undefined);
  await other.query('alter table matters add column in_the_middle int');
  await other.end();
  const summary = await dump;
  expect(summary.tables).toBe(11);
  await run.publish();
});
