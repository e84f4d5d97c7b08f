import type pg from 'pg';
import * as v from 'valibot';
import { inventoryQueries, inventoryVersion, sequencesQuery } from './inventory-queries.ts';

/** Everything that exists in a database besides its rows, by name and state. Equal before a dump and after a restore. */
export const inventorySchema = v.object({
  version: v.number(),
  serverMajor: v.number(),
  /** Kind → name and state of each, sorted. */
  objects: v.record(v.string(), v.array(v.tuple([v.string(), v.string()]))),
  /** Sequences move while a dump runs: a restored one may be ahead, never behind. */
  sequences: v.array(v.object({ name: v.string(), lastValue: v.string(), ascending: v.boolean() })),
});

export type Inventory = v.InferOutput<typeof inventorySchema>;

/**
 * How definitions are written out depends on these, and a database or a role may set them otherwise. With an empty
 * search path every name has its schema.
 */
const wording = {
  search_path: '',
  quote_all_identifiers: 'off',
  timezone: 'UTC',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
};

const shownCharacters = 240;

/** Takes the inventory in the session's snapshot. */
export async function takeInventory(client: pg.Client): Promise<Inventory> {
  for (const [name, value] of Object.entries(wording)) {
    await client.query('select pg_catalog.set_config($1, $2, false)', [name, value]);
  }
  const objects: Inventory['objects'] = {};
  for (const [kind, query] of Object.entries(inventoryQueries)) {
    const { rows } = await client.query<{ name: string; state: string }>(query);
    objects[kind] = rows
      .map(({ name, state }): [string, string] => [name, state])
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
  const { rows: sequences } = await client.query<Inventory['sequences'][number]>(sequencesQuery);
  const { rows: server } = await client.query<{ major: number }>(
    `select pg_catalog.current_setting('server_version_num')::int / 10000 as major`,
  );
  for (const name of Object.keys(wording)) await client.query(`reset ${name}`);
  return { version: inventoryVersion, serverMajor: server[0]?.major ?? 0, objects, sequences };
}

export function countObjects({ objects }: Inventory): number {
  return Object.values(objects).reduce((sum, entries) => sum + entries.length, 0);
}

/** Whether states can be compared too: another version of PostgreSQL, or of this program, words them differently. */
export function describedAlike(one: Inventory, other: Inventory): boolean {
  return one.version === other.version && one.serverMajor === other.serverMajor;
}

/** What differs, in plain words; empty when the restored database has all that the backup's had. */
export function compareInventories(expected: Inventory, actual: Inventory): string[] {
  const alike = describedAlike(expected, actual);
  return [
    ...Object.entries(actual.objects).flatMap(([kind, found]) => {
      const wanted = expected.objects[kind];
      if (wanted === undefined) return [];
      return alike ? compareStates(kind, wanted, found) : missingNames(kind, wanted, found);
    }),
    ...compareSequences(expected.sequences, actual.sequences),
  ];
}

type Entries = Inventory['objects'][string];

function missingNames(kind: string, expected: Entries, actual: Entries): string[] {
  const there = new Set(actual.map(([name]) => name));
  return expected.filter(([name]) => !there.has(name)).map(([name]) => `missing ${kind}: ${name}`);
}

function compareStates(kind: string, expected: Entries, actual: Entries): string[] {
  const there = new Map(actual);
  const wanted = new Set(expected.map(([name]) => name));
  return [
    ...missingNames(kind, expected, actual),
    ...expected.flatMap(([name, state]) => {
      const found = there.get(name);
      return found === undefined || found === state
        ? []
        : [`${kind} ${name} is ${shortened(found)}, expected ${shortened(state)}`];
    }),
    ...actual.filter(([name]) => !wanted.has(name)).map(([name]) => `unexpected ${kind}: ${name}`),
  ];
}

function shortened(state: string): string {
  return state.length > shownCharacters ? `${state.slice(0, shownCharacters)}…` : state;
}

function compareSequences(expected: Inventory['sequences'], actual: Inventory['sequences']): string[] {
  const there = new Map(actual.map((sequence) => [sequence.name, sequence]));
  return expected.flatMap(({ name, lastValue, ascending }) => {
    const found = there.get(name);
    if (found === undefined) return [`the value of sequence ${name} is missing`];
    const ahead = BigInt(found.lastValue) - BigInt(lastValue);
    const behind = ascending ? ahead < 0n : ahead > 0n;
    return behind ? [`sequence ${name} is at ${found.lastValue}, behind ${lastValue}`] : [];
  });
}
