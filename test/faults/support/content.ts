import type { Installation } from '../../e2e/support/installation.ts';

/** What a database holds: a word that tells one state from another, and the rows of every table. */
export interface Content {
  marker: string;
  rows: Record<string, number>;
}

/** What a backup is taken of, and what has changed since: two states that no mixture can be taken for. */
export const inBackup = 'as in the backup';
export const changedSince = 'changed since the backup';

/** Tables of the test itself: a marker, and what the customer of the test writes. */
export async function prepareContent(hermes: Installation): Promise<void> {
  await hermes.sql(`create table marker (content text not null)`);
  await hermes.sql(`create table writes (n integer primary key)`);
  await hermes.sql(`insert into marker values ('${inBackup}')`);
  await makeGate(hermes);
  await makeBallast(hermes);
}

/** A role that exists while restores are to stand still. */
export const gateRole = 'the_gate_is_shut';

/**
 * An index whose making waits while that role exists: restored, it stops `pg_restore` in the middle of its work for as
 * long as a test wants. Roles belong to the server, so that it is the same in every copy.
 */
async function makeGate(hermes: Installation): Promise<void> {
  await hermes.sql(`create function gate(n integer) returns integer immutable language plpgsql as $$
    begin
      while pg_catalog.to_regrole('${gateRole}') is not null loop
        perform pg_catalog.pg_sleep(0.02);
        -- Takes a lock, and with it the news that the role is gone.
        perform pg_catalog.pg_relation_size('pg_catalog.pg_enum');
      end loop;
      return n;
    end $$`);
  await hermes.sql('create table gate (n integer)');
  await hermes.sql('insert into gate values (1)');
  await hermes.sql('create index gate_opens on gate (public.gate(n))');
}

/** Text that compresses badly, so that a dump takes long enough to be met in the middle. */
async function makeBallast(hermes: Installation): Promise<void> {
  await hermes.sql(`create table ballast as
    select n, md5(n::text) || md5((n + 1)::text) || md5((n * 7)::text) as text from generate_series(1, 60000) as n`);
}

/** Makes the live database differ from the backup in more than one place. */
export async function changeContent(hermes: Installation): Promise<void> {
  await hermes.sql(
    `begin; update marker set content = '${changedSince}'; delete from call_events where id <= 10; delete from writes; commit`,
  );
}

/**
 * The content of a database, without what the customer of the test writes and without the one session that the smoke
 * test of every restore starts.
 */
export async function contentOf(hermes: Installation, database = 'hermes'): Promise<Content> {
  const [head] = await hermes.sql<{ content: string }>('select content from marker', [], database);
  const counts = await hermes.sql<{ table: string; rows: number }>(
    `select relname as table,
            (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %I%s', relname,
               case relname when 'voice_sessions' then ' where session_id <> ''hermes-ops-smoke-test''' else '' end),
               false, true, '')))[1]::text::int as rows
       from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'm') and relname <> 'writes'
      order by 1`,
    [],
    database,
  );
  return {
    marker: head?.content ?? '',
    rows: Object.fromEntries(counts.map(({ table, rows }) => [table, rows])),
  };
}
