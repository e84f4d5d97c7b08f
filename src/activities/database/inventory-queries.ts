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

const relation = `pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace`;
const relationName = `pg_catalog.format('%I.%I', n.nspname, c.relname)`;
const ownRelation = `${ours('n')} and ${notOfExtension('pg_class', 'c.oid')}`;

/** One query a kind of object, each giving `line`: the object's name and everything that should survive a restore. */
export const inventoryQueries: Record<string, string> = {
  schema: `select pg_catalog.format('%I owner %I grants %s', n.nspname, pg_catalog.pg_get_userbyid(n.nspowner), ${grants('n.nspacl', 'n', 'n.nspowner')}) as line
    from pg_catalog.pg_namespace n where ${ours('n')} and ${notOfExtension('pg_namespace', 'n.oid')}`,

  relation: `select pg_catalog.format('%s kind %s persistence %s owner %I row security %s/%s options %s populated %s grants %s',
      ${relationName}, c.relkind, c.relpersistence, pg_catalog.pg_get_userbyid(c.relowner), c.relrowsecurity, c.relforcerowsecurity,
      c.reloptions, c.relispopulated, ${grants('c.relacl', 'r', 'c.relowner')}) as line
    from ${relation} where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${ownRelation}`,

  column: `select pg_catalog.format('%s.%I %s %s default %s identity %s generated %s grants %s', ${relationName}, a.attname,
      pg_catalog.format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' else 'null' end,
      pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attacl::text) as line
    from ${relation} join pg_catalog.pg_attribute a on a.attrelid = c.oid
    left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped and ${ownRelation}`,

  view: `select pg_catalog.format('%s %s', ${relationName}, pg_catalog.md5(pg_catalog.pg_get_viewdef(c.oid))) as line
    from ${relation} where c.relkind in ('v', 'm') and ${ownRelation}`,

  constraint: `select pg_catalog.format('%s %I validated %s %s', ${relationName}, k.conname, k.convalidated, pg_catalog.pg_get_constraintdef(k.oid)) as line
    from pg_catalog.pg_constraint k join ${relation} on k.conrelid = c.oid where ${ownRelation}`,

  index: `select pg_catalog.format('%s valid %s', pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid) as line
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where ${ownRelation}`,

  trigger: `select pg_catalog.format('%s enabled %s', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled) as line
    from pg_catalog.pg_trigger t join ${relation} on t.tgrelid = c.oid where not t.tgisinternal and ${ownRelation}`,

  rule: `select pg_catalog.pg_get_ruledef(r.oid) as line
    from pg_catalog.pg_rewrite r join ${relation} on r.ev_class = c.oid where r.rulename <> '_RETURN' and ${ownRelation}`,

  policy: `select pg_catalog.format('%s %I %s %s roles %s using %s check %s', ${relationName}, p.polname, p.polcmd, p.polpermissive,
      array(select pg_catalog.pg_get_userbyid(r)::text from pg_catalog.unnest(p.polroles) r order by 1),
      pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)) as line
    from pg_catalog.pg_policy p join ${relation} on p.polrelid = c.oid where ${ownRelation}`,

  routine: `select pg_catalog.format('%I.%I(%s) owner %I %s grants %s', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid),
      pg_catalog.pg_get_userbyid(p.proowner),
      case p.prokind when 'a' then 'aggregate' else pg_catalog.md5(pg_catalog.pg_get_functiondef(p.oid)) end,
      ${grants('p.proacl', 'f', 'p.proowner')}) as line
    from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    where ${ours('n')} and ${notOfExtension('pg_proc', 'p.oid')}`,

  type: `select pg_catalog.format('%I.%I %s owner %I base %s labels %s', n.nspname, t.typname, t.typtype, pg_catalog.pg_get_userbyid(t.typowner),
      case when t.typbasetype = 0 then '' else pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
      array(select e.enumlabel from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder)) as line
    from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
    where t.typtype in ('e', 'd', 'r') and ${ours('n')} and ${notOfExtension('pg_type', 't.oid')}`,

  extension: `select pg_catalog.format('%I %s in %I', x.extname, x.extversion, n.nspname) as line
    from pg_catalog.pg_extension x join pg_catalog.pg_namespace n on n.oid = x.extnamespace`,

  'event trigger': `select pg_catalog.format('%I on %s enabled %s', evtname, evtevent, evtenabled) as line from pg_catalog.pg_event_trigger`,

  publication: `select pg_catalog.format('%I all %s', pubname, puballtables) as line from pg_catalog.pg_publication`,

  'default grant': `select pg_catalog.format('%s %s %s %s', pg_catalog.pg_get_userbyid(defaclrole), coalesce(defaclnamespace::regnamespace::text, ''), defaclobjtype,
      array(select a::text from pg_catalog.unnest(defaclacl) a order by 1)) as line from pg_catalog.pg_default_acl`,

  'statistics object': `select pg_catalog.pg_get_statisticsobjdef(s.oid) as line
    from pg_catalog.pg_statistic_ext s join pg_catalog.pg_namespace n on n.oid = s.stxnamespace where ${ours('n')}`,

  comment: `select pg_catalog.format('%s %s', pg_catalog.pg_describe_object(d.classoid, d.objoid, d.objsubid), pg_catalog.md5(d.description)) as line
    from pg_catalog.pg_description d join ${relation} on d.objoid = c.oid and d.classoid = 'pg_catalog.pg_class'::regclass where ${ownRelation}`,

  'large objects': `select pg_catalog.count(*)::text as line from pg_catalog.pg_largeobject_metadata`,
};

export const sequencesQuery = `select pg_catalog.format('%I.%I', s.schemaname, s.sequencename) as name,
    coalesce(s.last_value, s.start_value - s.increment_by)::text as "lastValue", s.increment_by > 0 as ascending
  from pg_catalog.pg_sequences s order by 1`;
