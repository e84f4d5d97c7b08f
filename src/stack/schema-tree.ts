/** The schema of a group's key, a list's entry or a record's value; undefined where there is none. */
export function childOf(schema: unknown, key: string | number): unknown {
  const entries = entriesOf(schema);
  if (entries !== undefined) return Object.hasOwn(entries, key) ? unwrap(entries[key]) : undefined;
  if (!isRecord(schema)) return undefined;
  return unwrap('item' in schema ? schema['item'] : schema['value']);
}

/** The keys of a group, each with its schema; undefined for what is no group. */
export function entriesOf(schema: unknown): Record<string, unknown> | undefined {
  return isRecord(schema) && isRecord(schema['entries']) ? schema['entries'] : undefined;
}

/** The schema inside `optional` and at the head of `pipe`. */
export function unwrap(schema: unknown): unknown {
  if (!isRecord(schema)) return schema;
  if (isRecord(schema['wrapped'])) return unwrap(schema['wrapped']);
  const head: unknown = Array.isArray(schema['pipe']) ? schema['pipe'][0] : undefined;
  return head === undefined || head === schema ? schema : unwrap(head);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
