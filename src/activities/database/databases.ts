import type pg from 'pg';
import * as v from 'valibot';
import type { DatabaseIdentity } from '../contract/database.ts';
import type { Owner } from '../owner.ts';
import { literal, quoted } from './identifiers.ts';

const markSchema = v.object({
  'hermes-ops': v.object({
    /** Of the database that it was written on: a comment may be copied to another. */
    oid: v.number(),
    purpose: v.picklist(['shadow', 'kept', 'undone']),
    /** Of a shadow: whether all of it is there. */
    restoredInMs: v.optional(v.number()),
    stack: v.string(),
    procedure: v.string(),
    workflowId: v.string(),
    runId: v.string(),
    /** ISO time after which a sweep may drop it. */
    keepUntil: v.optional(v.string()),
    /** The comment that the database had before. */
    comment: v.optional(v.nullable(v.string()), null),
  }),
});

/** What this product writes on a database that it made or set aside: its comment. */
export type DatabaseMark = v.InferOutput<typeof markSchema>['hermes-ops'];

export interface DatabaseEntry extends DatabaseIdentity {
  comment: string | null;
  mark: DatabaseMark | undefined;
}

/** Every database of the server, with the marks of this product. */
export async function listDatabases(client: pg.Client): Promise<DatabaseEntry[]> {
  const { rows } = await client.query<{ name: string; oid: string; comment: string | null }>(
    `select datname as name, oid::text as oid, shobj_description(oid, 'pg_database') as comment
       from pg_database where not datistemplate order by datname`,
  );
  return rows.map(({ name, oid, comment }) => ({
    name,
    oid: Number(oid),
    comment,
    mark: readMark(comment, Number(oid)),
  }));
}

export async function findByName(client: pg.Client, name: string): Promise<DatabaseEntry | undefined> {
  return (await listDatabases(client)).find((entry) => entry.name === name);
}

export async function findByOid(client: pg.Client, oid: number): Promise<DatabaseEntry | undefined> {
  return (await listDatabases(client)).find((entry) => entry.oid === oid);
}

export function isOwnedBy(mark: DatabaseMark | undefined, owner: Owner): boolean {
  return mark?.stack === owner.stack && mark.runId === owner.runId;
}

/** Writes the mark as the database's comment. Transactional. */
export async function writeMark(
  client: pg.Client,
  { name, oid }: DatabaseIdentity,
  mark: Omit<DatabaseMark, 'oid'>,
): Promise<void> {
  await client.query(
    `comment on database ${quoted(name)} is ${literal(JSON.stringify({ 'hermes-ops': { ...mark, oid } }))}`,
  );
}

export async function writeComment(client: pg.Client, name: string, comment: string | null): Promise<void> {
  await client.query(
    `comment on database ${quoted(name)} is ${comment === null ? 'null' : literal(comment)}`,
  );
}

function readMark(comment: string | null, oid: number): DatabaseMark | undefined {
  if (comment === null || !comment.includes('"hermes-ops"')) return undefined;
  try {
    const parsed = v.safeParse(markSchema, JSON.parse(comment));
    return parsed.success && parsed.output['hermes-ops'].oid === oid
      ? parsed.output['hermes-ops']
      : undefined;
  } catch {
    return undefined;
  }
}
