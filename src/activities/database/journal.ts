import type pg from 'pg';
import * as v from 'valibot';
import type { Owner } from '../owner.ts';

const identity = v.object({ name: v.string(), oid: v.number() });
const written = v.object({
  table: v.string(),
  inserted: v.number(),
  updated: v.number(),
  deleted: v.number(),
});

const detailsSchema = v.object({
  /** Set aside: under its name after the change. */
  out: identity,
  /** Live since the change. */
  live: identity,
  gapMs: v.number(),
  /** Statistics of the database that became live, at that moment. */
  baseline: v.array(written),
  /** What was written to the one that was set aside; added after the change. */
  written: v.optional(v.array(written)),
});

export type JournalDetails = v.InferOutput<typeof detailsSchema>;

/** A change of the live database, written in the transaction that made it: an approval is spent on its target. */
export interface JournalEntry {
  approval: string;
  action: 'swap' | 'swap-back';
  workflowId: string;
  runId: string;
  at: string;
  details: JournalDetails;
}

/** What this product keeps on the server itself, in the maintenance database. */
const tables = `
  create schema if not exists hermes_ops;
  create table if not exists hermes_ops.journal (
    approval text primary key,
    action text not null,
    workflow_id text not null,
    run_id text not null,
    at timestamptz not null default now(),
    details jsonb not null);
  -- Approvals whose swap must not happen any more.
  create table if not exists hermes_ops.withdrawn (
    approval text primary key, run_id text not null, at timestamptz not null default now());
  -- Databases whose writes are fenced at the moment: the setting must not be copied to a restored one.
  create table if not exists hermes_ops.fenced (
    oid bigint primary key, workflow_id text not null, run_id text not null);
  -- Databases that are about to be made, until they carry their mark.
  create table if not exists hermes_ops.making (
    name text primary key, stack text not null, procedure text not null, workflow_id text not null, run_id text not null);
  -- The latest attempt of each run that held the lock.
  create table if not exists hermes_ops.turn (
    run_id text primary key, activity bigint not null, attempt bigint not null, at timestamptz not null default now());
  -- How long restores took here.
  create table if not exists hermes_ops.restored (
    at timestamptz not null default now(), bytes bigint not null, duration_ms bigint not null);`;

export async function ensureJournal(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('hermes_ops.restored') is not null as there`,
  );
  if (rows[0]?.there !== true) await client.query(tables);
}

export async function findEntry(client: pg.Client, approval: string): Promise<JournalEntry | undefined> {
  const { rows } = await client.query<Omit<JournalEntry, 'details'> & { details: unknown }>(
    `select approval, action, workflow_id as "workflowId", run_id as "runId",
            to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, details
       from hermes_ops.journal where approval = $1`,
    [approval],
  );
  const [row] = rows;
  return row === undefined ? undefined : { ...row, details: v.parse(detailsSchema, row.details) };
}

/** Fails on an approval that is in the journal already. */
export async function addEntry(
  client: pg.Client,
  owner: Owner,
  entry: Pick<JournalEntry, 'approval' | 'action' | 'details'>,
): Promise<void> {
  await client.query(
    `insert into hermes_ops.journal (approval, action, workflow_id, run_id, details) values ($1, $2, $3, $4, $5)`,
    [entry.approval, entry.action, owner.workflowId, owner.runId, JSON.stringify(entry.details)],
  );
}

export async function updateDetails(
  client: pg.Client,
  approval: string,
  details: JournalDetails,
): Promise<void> {
  await client.query(`update hermes_ops.journal set details = $2 where approval = $1`, [
    approval,
    JSON.stringify(details),
  ]);
}

/** From now on nothing can be done on this approval, by whatever attempt thaws. */
export async function withdraw(client: pg.Client, { runId }: Owner, approval: string): Promise<void> {
  await client.query(
    'insert into hermes_ops.withdrawn (approval, run_id) values ($1, $2) on conflict (approval) do nothing',
    [approval, runId],
  );
}

export async function isWithdrawn(client: pg.Client, approval: string): Promise<boolean> {
  const { rowCount } = await client.query('select from hermes_ops.withdrawn where approval = $1', [approval]);
  return rowCount !== 0;
}

/** The swap that made this database live, if one did. */
export async function findSwapInto(client: pg.Client, oid: number): Promise<JournalEntry | undefined> {
  const { rows } = await client.query<{ approval: string }>(
    `select approval from hermes_ops.journal
      where action = 'swap' and (details->'live'->>'oid')::bigint = $1 order by at desc limit 1`,
    [oid],
  );
  const [row] = rows;
  return row === undefined ? undefined : findEntry(client, row.approval);
}
