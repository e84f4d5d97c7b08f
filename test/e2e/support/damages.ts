/** What may be wrong with a copy of `firmSchema`, the SQL that makes it so, and the difference that is told. */
export const damages: readonly [what: string, sql: string, difference: RegExp][] = [
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
