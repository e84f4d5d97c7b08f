import { childOf, entriesOf, unwrap } from './schema-tree.ts';

type Path = (string | number)[];

/** What does not fit the shape of the schema at all, by its path. */
export interface Misfits {
  unknownKeys: Path[];
  /** Lists where a group of keys belongs: valibot takes an empty one for a group that is all defaults. */
  lists: Path[];
}

/** Finds every key that the schema does not know, and every list that should be a group. */
export function misfits(schema: unknown, value: unknown): Misfits {
  const found: Misfits = { unknownKeys: [], lists: [] };
  search(unwrap(schema), value, [], found);
  return found;
}

function search(schema: unknown, value: unknown, path: Path, found: Misfits): void {
  if (typeof value !== 'object' || value === null || schema === undefined) return;
  const entries = entriesOf(schema);
  if (Array.isArray(value)) {
    if (entries !== undefined) found.lists.push(path);
    else value.forEach((item, index) => search(childOf(schema, index), item, [...path, index], found));
    return;
  }
  for (const [key, child] of Object.entries(value)) {
    if (entries !== undefined && !Object.hasOwn(entries, key)) found.unknownKeys.push([...path, key]);
    else search(childOf(schema, key), child, [...path, key], found);
  }
}
