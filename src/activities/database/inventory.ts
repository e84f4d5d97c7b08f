import type pg from 'pg';
import * as v from 'valibot';
import { inventoryQueries, sequencesQuery } from './inventory-queries.ts';

/** Everything that exists in a database besides its rows, by name and state. Equal before a dump and after a restore. */
export const inventorySchema = v.object({
  /** Kind → sorted descriptions. */
  objects: v.record(v.string(), v.array(v.string())),
  /** Sequences move while a dump runs: a restored one may be ahead, never behind. */
  sequences: v.array(v.object({ name: v.string(), lastValue: v.string(), ascending: v.boolean() })),
});

export type Inventory = v.InferOutput<typeof inventorySchema>;

/** Takes the inventory in the session's snapshot. */
export async function takeInventory(client: pg.Client): Promise<Inventory> {
  // Deparsed definitions name schemas only where the search path does not: with an empty one, always.
  await client.query(`set search_path to ''`);
  const objects: Record<string, string[]> = {};
  for (const [kind, query] of Object.entries(inventoryQueries)) {
    const { rows } = await client.query<{ line: string }>(query);
    objects[kind] = rows.map(({ line }) => line).sort();
  }
  const { rows: sequences } = await client.query<Inventory['sequences'][number]>(sequencesQuery);
  await client.query('reset search_path');
  return { objects, sequences };
}

export function countObjects({ objects, sequences }: Inventory): number {
  return Object.values(objects).reduce((sum, lines) => sum + lines.length, sequences.length);
}

/** What differs, in plain words; empty when the restored database has all that the backup's had. */
export function compareInventories(expected: Inventory, actual: Inventory): string[] {
  const kinds = new Set([...Object.keys(expected.objects), ...Object.keys(actual.objects)]);
  return [
    ...[...kinds].flatMap((kind) =>
      compareLines(kind, expected.objects[kind] ?? [], actual.objects[kind] ?? []),
    ),
    ...compareSequences(expected.sequences, actual.sequences),
  ];
}

function compareLines(kind: string, expected: readonly string[], actual: readonly string[]): string[] {
  const there = new Set(actual);
  const wanted = new Set(expected);
  return [
    ...expected.filter((line) => !there.has(line)).map((line) => `missing ${kind}: ${line}`),
    ...actual.filter((line) => !wanted.has(line)).map((line) => `unexpected ${kind}: ${line}`),
  ];
}

function compareSequences(expected: Inventory['sequences'], actual: Inventory['sequences']): string[] {
  const there = new Map(actual.map((sequence) => [sequence.name, sequence]));
  return expected.flatMap(({ name, lastValue, ascending }) => {
    const found = there.get(name);
    if (found === undefined) return [`missing sequence: ${name}`];
    const ahead = BigInt(found.lastValue) - BigInt(lastValue);
    const behind = ascending ? ahead < 0n : ahead > 0n;
    return behind ? [`sequence ${name} is at ${found.lastValue}, behind ${lastValue}`] : [];
  });
}
