/** Counts up when a query's `state` changes its wording: backups outlive the program that described them. */
export const inventoryVersion = 1;

/** Objects with a smaller number came with the server. */
const firstOwnOid = 16_384;

/** Not of PostgreSQL itself, and not a temporary thing. */
const ours = (alias: string): string =>
  `${alias}.nspname <> 'information_schema' and ${alias}.nspname !~ '^pg_(?:toast|temp)' and ${alias}.nspname <> 'pg_catalog'`;

/** Not a member of an extension: the extension's version stands for its members. */
const notOfExtension = (catalog: string, oid: string): string =>
  `not exists (select from pg_catalog.pg_depend x where x.classid = 'pg_catalog.${catalog}'::regclass and x.objid = ${oid} and x.deptype = 'e')`;

/** Grants as sorted text; none at all means the type's default, which is written out so that both look the same. */
const grants = (acl: string, type: string, owner: string): string =>
  `(select coalesce(string_agg(g, ' ' order by g), '') from (
      select pg_catalog.concat(case e.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(e.grantee)::text end,
             '=', e.privilege_type, case when e.is_grantable then '*' else '' end) as g
        from pg_catalog.aclexplode(coalesce(${acl}, pg_catalog.acldefault('${type}', ${owner}))) e) s)`;

const sortedTexts = (array: string): string =>
  `array(select e::text from pg_catalog.unnest(${array}) e order by 1)`;

/** A column of a catalog that not every version of PostgreSQL has. */
const ifThere = (alias: string, column: string): string =>
  `coalesce(pg_catalog.to_jsonb(${alias}) ->> '${column}', '')`;

const relation = `pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace`;
const relationName = `pg_catalog.format('%I.%I', n.nspname, c.relname)`;
const ownRelation = `${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}`;

/** Catalogs of rarer things: that they are there is enough. */
const rareCatalogs = [
  'pg_am',
  'pg_cast',
  'pg_collation',
  'pg_conversion',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
  'pg_language',
  'pg_opclass',
  'pg_operator',
  'pg_opfamily',
  'pg_transform',
  'pg_ts_config',
  'pg_ts_dict',
  'pg_ts_parser',
  'pg_ts_template',
];

/** One query a kind of object, each giving `name` and `state`: everything that should survive a restore. */
export const inventoryQueries: Record<string, string> = {
  schema: `select pg_catalog.format('%I', n.nspname) as name,
      pg_catalog.format('owner %I grants %s', pg_catalog.pg_get_userbyid(n.nspowner), ${grants('n.nspacl', 'n', 'n.nspowner')}) as state
    from pg_catalog.pg_namespace n where ${ours('n')} and ${notOfExtension('pg_namespace', 'n.oid')}`,

  relation: `select ${relationName} as name, pg_catalog.format(
      'kind %s persistence %s owner %I row security %s/%s options %s populated %s replica identity %s partition %s %s parents %s server %s grants %s',
      c.relkind, c.relpersistence, pg_catalog.pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
      ${sortedTexts('c.reloptions')}, c.relispopulated, c.relreplident, pg_catalog.pg_get_expr(c.relpartbound, c.oid),
      case c.relkind when 'p' then pg_catalog.pg_get_partkeydef(c.oid) end,
      array(select i.inhparent::regclass::text from pg_catalog.pg_inherits i where i.inhrelid = c.oid order by i.inhseqno),
      (select pg_catalog.format('%I', s.srvname) from pg_catalog.pg_foreign_table f join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
        where f.ftrelid = c.oid),
      ${grants('c.relacl', 'r', 'c.relowner')}) as state
    from ${relation} where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and ${ownRelation}`,

  column: `select pg_catalog.format('%s.%I', ${relationName}, a.attname) as name, pg_catalog.format(
      '%s %s default %s identity %s generated %s collation %s storage %s compression %s options %s grants %s',
      pg_catalog.format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' else 'null' end,
      pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, nullif(a.attcollation, 0)::regcollation,
      a.attstorage, ${ifThere('a', 'attcompression')}, ${sortedTexts('a.attoptions')}, ${sortedTexts('a.attacl')}) as state
    from ${relation} join pg_catalog.pg_attribute a on a.attrelid = c.oid
    left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and a.attnum > 0 and not a.attisdropped and ${ownRelation}`,

  view: `select ${relationName} as name, pg_catalog.md5(pg_catalog.pg_get_viewdef(c.oid)) as state
    from ${relation} where c.relkind in ('v', 'm') and ${ownRelation}`,

  // A column says by itself that it is not null; PostgreSQL 18 says it as a constraint too.
  constraint: `select pg_catalog.format('%s.%I', ${relationName}, k.conname) as name,
      pg_catalog.format('validated %s %s', k.convalidated, pg_catalog.pg_get_constraintdef(k.oid)) as state
    from pg_catalog.pg_constraint k join ${relation} on k.conrelid = c.oid where k.contype <> 'n' and ${ownRelation}`,

  'constraint of a domain': `select pg_catalog.format('%I.%I.%I', n.nspname, t.typname, k.conname) as name,
      pg_catalog.format('validated %s %s', k.convalidated, pg_catalog.pg_get_constraintdef(k.oid)) as state
    from pg_catalog.pg_constraint k join pg_catalog.pg_type t on t.oid = k.contypid join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where k.contype <> 'n' and ${ours('n')} and ${notOfExtension('pg_type', 't.oid')}`,

  index: `select pg_catalog.format('%I.%I', n.nspname, x.relname) as name, pg_catalog.format('valid %s clustered %s replica identity %s %s',
      i.indisvalid, i.indisclustered, i.indisreplident, pg_catalog.pg_get_indexdef(i.indexrelid)) as state
    from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
    join pg_catalog.pg_class c on c.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where ${ownRelation}`,

  sequence: `select ${relationName} as name, pg_catalog.format(
      'owner %I type %s start %s increment %s from %s to %s cache %s cycle %s belongs to %s grants %s',
      pg_catalog.pg_get_userbyid(c.relowner), pg_catalog.format_type(s.seqtypid, null), s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
      s.seqcache, s.seqcycle,
      (select pg_catalog.format('%s.%I', d.refobjid::regclass, a.attname) from pg_catalog.pg_depend d
         join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.deptype in ('a', 'i')),
      ${grants('c.relacl', 's', 'c.relowner')}) as state
    from pg_catalog.pg_sequence s join ${relation} on c.oid = s.seqrelid where ${ownRelation}`,

  trigger: `select pg_catalog.format('%s.%I', ${relationName}, t.tgname) as name,
      pg_catalog.format('enabled %s %s', t.tgenabled, pg_catalog.pg_get_triggerdef(t.oid)) as state
    from pg_catalog.pg_trigger t join ${relation} on t.tgrelid = c.oid where not t.tgisinternal and ${ownRelation}`,

  rule: `select pg_catalog.format('%s.%I', ${relationName}, r.rulename) as name,
      pg_catalog.format('enabled %s %s', r.ev_enabled, pg_catalog.pg_get_ruledef(r.oid)) as state
    from pg_catalog.pg_rewrite r join ${relation} on r.ev_class = c.oid where r.rulename <> '_RETURN' and ${ownRelation}`,

  policy: `select pg_catalog.format('%s.%I', ${relationName}, p.polname) as name, pg_catalog.format('%s %s roles %s using %s check %s',
      p.polcmd, p.polpermissive, array(select pg_catalog.pg_get_userbyid(r)::text from pg_catalog.unnest(p.polroles) r order by 1),
      pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) as state
    from pg_catalog.pg_policy p join ${relation} on p.polrelid = c.oid where ${ownRelation}`,

  routine: `select pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) as name,
      pg_catalog.format('owner %I %s grants %s', pg_catalog.pg_get_userbyid(p.proowner),
      case p.prokind when 'a' then (select pg_catalog.format('aggregate of %s, %s, %s', g.aggtransfn, g.aggfinalfn, g.agginitval)
                                      from pg_catalog.pg_aggregate g where g.aggfnoid = p.oid)
                     else pg_catalog.md5(pg_catalog.pg_get_functiondef(p.oid)) end,
      ${grants('p.proacl', 'f', 'p.proowner')}) as state
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where ${ours('n')} and ${notOfExtension('pg_proc', 'p.oid')}`,

  type: `select pg_catalog.format('%I.%I', n.nspname, t.typname) as name, pg_catalog.format(
      '%s owner %I base %s %s default %s labels %s of %s grants %s', t.typtype, pg_catalog.pg_get_userbyid(t.typowner),
      case when t.typbasetype = 0 then '' else pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
      case when t.typnotnull then 'not null' else '' end, t.typdefault,
      array(select e.enumlabel from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder),
      (select pg_catalog.format_type(r.rngsubtype, null) from pg_catalog.pg_range r where r.rngtypid = t.oid),
      ${grants('t.typacl', 'T', 't.typowner')}) as state
    from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where (t.typtype in ('e', 'd', 'r') or t.typtype = 'b' and t.typcategory <> 'A') and ${ours('n')} and ${notOfExtension('pg_type', 't.oid')}`,

  extension: `select pg_catalog.format('%I', x.extname) as name, pg_catalog.format('version %s in %I', x.extversion, n.nspname) as state
    from pg_catalog.pg_extension x join pg_catalog.pg_namespace n on n.oid = x.extnamespace`,

  'event trigger': `select pg_catalog.format('%I', evtname) as name,
      pg_catalog.format('on %s enabled %s tags %s runs %s', evtevent, evtenabled, ${sortedTexts('evttags')}, evtfoid::regproc) as state
    from pg_catalog.pg_event_trigger`,

  publication: `select pg_catalog.format('%I', p.pubname) as name, pg_catalog.format('all %s of %s', p.puballtables,
      array(select pg_catalog.format('%I.%I', t.schemaname, t.tablename) from pg_catalog.pg_publication_tables t
             where t.pubname = p.pubname order by 1)) as state
    from pg_catalog.pg_publication p`,

  'default grant': `select pg_catalog.format('%s %s %s', pg_catalog.pg_get_userbyid(defaclrole), defaclnamespace::regnamespace, defaclobjtype) as name,
      ${sortedTexts('defaclacl')}::text as state from pg_catalog.pg_default_acl`,

  'statistics object': `select pg_catalog.format('%I.%I', n.nspname, s.stxname) as name, pg_catalog.pg_get_statisticsobjdef(s.oid) as state
    from pg_catalog.pg_statistic_ext s join pg_catalog.pg_namespace n on n.oid = s.stxnamespace where ${ours('n')}`,

  comment: `select pg_catalog.format('%s %s', i.type, i.identity) as name, pg_catalog.md5(d.description) as state
    from pg_catalog.pg_description d cross join lateral pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) i
    where d.objoid >= ${firstOwnOid} or d.classoid = 'pg_catalog.pg_namespace'::regclass and i.identity = 'public'`,

  'large objects': `select 'all' as name, pg_catalog.count(*)::text as state from pg_catalog.pg_largeobject_metadata`,

  'user mapping': `select pg_catalog.format('%I for %s', srvname, coalesce(usename::text, 'public')) as name, '' as state from pg_catalog.pg_user_mappings`,

  'other object': `select pg_catalog.format('%s %s', i.type, i.identity) as name, '' as state
    from (${rareCatalogs.map((catalog) => `select 'pg_catalog.${catalog}'::regclass as classid, oid from pg_catalog.${catalog}`).join(' union all ')}) o
    cross join lateral pg_catalog.pg_identify_object(o.classid, o.oid, 0) i
    where o.oid >= ${firstOwnOid}
      and not exists (select from pg_catalog.pg_depend x where x.classid = o.classid and x.objid = o.oid and x.deptype = 'e')`,
};

export const sequencesQuery = `select pg_catalog.format('%I.%I', s.schemaname, s.sequencename) as name,
    coalesce(s.last_value, s.start_value - s.increment_by)::text as "lastValue", s.increment_by > 0 as ascending
  from pg_catalog.pg_sequences s order by 1`;
