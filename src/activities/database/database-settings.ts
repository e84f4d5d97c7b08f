import type pg from 'pg';
import { literal, quoted } from './identifiers.ts';

/** What PostgreSQL keeps with a database, not in it, and a dump of the database therefore lacks. */
export interface DatabaseSettings {
  owner: string;
  connectionLimit: number;
  /** Grants as `grantee=privilege`, `*` with the grant option; null where none was ever given or taken. */
  grants: { grantee: string | null; privilege: string; grantable: boolean }[] | null;
  /** Encoding and locale. */
  locale: string;
  /** `ALTER DATABASE SET` (role null) and `ALTER ROLE IN DATABASE SET`. */
  parameters: { role: string | null; name: string; value: string }[];
}

/** Reads them from the maintenance database. A fence of this product is left out. */
export async function readDatabaseSettings(client: pg.Client, oid: number): Promise<DatabaseSettings> {
  const { rows } = await client.query<{
    owner: string;
    connectionLimit: number;
    locale: string;
    acl: boolean;
    fenced: boolean;
  }>(
    `select pg_get_userbyid(datdba)::text as owner, datconnlimit as "connectionLimit", datacl is not null as acl,
            concat_ws(' ', pg_encoding_to_char(encoding), datcollate, datctype, to_jsonb(d) ->> 'datlocprovider',
                      to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticurules') as locale,
            exists (select from hermes_ops.fenced f where f.oid = d.oid) as fenced
       from pg_database d where oid = $1`,
    [oid],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`There is no database with the oid ${oid}`);
  const grants = await client.query<NonNullable<DatabaseSettings['grants']>[number]>(
    `select case e.grantee when 0 then null else pg_get_userbyid(e.grantee)::text end as grantee,
            e.privilege_type as privilege, e.is_grantable as grantable
       from pg_database d, aclexplode(d.datacl) e where d.oid = $1 order by 1, 2`,
    [oid],
  );
  const parameters = await client.query<{ role: string | null; setting: string }>(
    `select case s.setrole when 0 then null else pg_get_userbyid(s.setrole)::text end as role, unnest(s.setconfig) as setting
       from pg_db_role_setting s where s.setdatabase = $1 order by 1, 2`,
    [oid],
  );
  return {
    owner: row.owner,
    connectionLimit: row.connectionLimit,
    locale: row.locale,
    grants: row.acl ? grants.rows : null,
    parameters: parameters.rows
      .map(({ role, setting }) => ({ role, ...splitSetting(setting) }))
      .filter(({ role, name }) => !(row.fenced && role === null && name === 'default_transaction_read_only')),
  };
}

/** Gives them to another database. Idempotent. */
export async function applyDatabaseSettings(
  client: pg.Client,
  database: string,
  settings: DatabaseSettings,
): Promise<void> {
  const name = quoted(database);
  await client.query('begin');
  await client.query(`alter database ${name} with connection limit ${settings.connectionLimit}`);
  if (settings.grants !== null) {
    await client.query(`revoke all on database ${name} from public, ${quoted(settings.owner)}`);
    for (const { grantee, privilege, grantable } of settings.grants) {
      const to = grantee === null ? 'public' : quoted(grantee);
      await client.query(
        `grant ${privilege} on database ${name} to ${to}${grantable ? ' with grant option' : ''}`,
      );
    }
  }
  for (const { role, name: parameter, value } of settings.parameters) {
    const target = role === null ? `database ${name}` : `role ${quoted(role)} in database ${name}`;
    await client.query(`alter ${target} set ${quoted(parameter)} to ${settingValue(parameter, value)}`);
  }
  await client.query('commit');
}

/** What differs, in plain words. */
export function compareDatabaseSettings(expected: DatabaseSettings, actual: DatabaseSettings): string[] {
  const lines = (settings: DatabaseSettings): Record<string, string> => ({
    'database owner': settings.owner,
    'connection limit': String(settings.connectionLimit),
    'encoding and locale': settings.locale,
    'database grants': JSON.stringify(settings.grants),
    'database settings': JSON.stringify(settings.parameters),
  });
  const [wanted, found] = [lines(expected), lines(actual)];
  return Object.entries(wanted).flatMap(([what, value]) =>
    found[what] === value ? [] : [`${what}: ${found[what] ?? 'none'}, expected ${value}`],
  );
}

/** Kept as lists of quoted names: as one literal they would become one name. */
const nameLists = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** A parameter's value, as PostgreSQL keeps it, as SQL text. */
export function settingValue(parameter: string, value: string): string {
  if (!nameLists.has(parameter.toLowerCase())) return literal(value);
  const names = [...value.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(
    ([, inQuotes, plain]) => inQuotes?.replaceAll('""', '"') ?? plain ?? '',
  );
  return names.length === 0 ? literal('') : names.map(literal).join(', ');
}

/** The clauses that make a new database like the live one: what cannot be changed afterwards. */
export async function creationClauses(client: pg.Client, oid: number): Promise<string> {
  const { rows } = await client.query<{
    encoding: string;
    owner: string;
    tablespace: string;
    row: Record<string, unknown>;
  }>(
    `select pg_encoding_to_char(encoding)::text as encoding, pg_get_userbyid(datdba)::text as owner, to_jsonb(d) as row,
            (select spcname::text from pg_tablespace t where t.oid = d.dattablespace) as tablespace
       from pg_database d where oid = $1`,
    [oid],
  );
  const [found] = rows;
  if (found === undefined) throw new Error(`There is no database with the oid ${oid}`);
  const { encoding, owner, tablespace, row } = found;
  const text = (key: string): string | undefined => (typeof row[key] === 'string' ? row[key] : undefined);
  return [
    'template template0',
    `owner ${quoted(owner)}`,
    `encoding ${literal(encoding)}`,
    `lc_collate ${literal(text('datcollate') ?? 'C')}`,
    `lc_ctype ${literal(text('datctype') ?? 'C')}`,
    `tablespace ${quoted(tablespace)}`,
    ...localeProviderClauses(text),
  ].join(' ');
}

/** Said also where it is the C library's: the server's own default may be another. Before PostgreSQL 15 there was no choice. */
function localeProviderClauses(text: (key: string) => string | undefined): string[] {
  const provider = text('datlocprovider');
  // PostgreSQL 15 and 16 call it daticulocale, later ones datlocale.
  const locale = text('datlocale') ?? text('daticulocale');
  const rules = text('daticurules');
  if (provider === undefined) return [];
  if (provider === 'c' || locale === undefined) return ['locale_provider libc'];
  if (provider === 'b') return ['locale_provider builtin', `builtin_locale ${literal(locale)}`];
  return [
    'locale_provider icu',
    `icu_locale ${literal(locale)}`,
    ...(rules === undefined ? [] : [`icu_rules ${literal(rules)}`]),
  ];
}

function splitSetting(setting: string): { name: string; value: string } {
  const at = setting.indexOf('=');
  return { name: setting.slice(0, at), value: setting.slice(at + 1) };
}
