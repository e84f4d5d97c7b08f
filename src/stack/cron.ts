const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Minute, hour, day of the month, month, weekday (Sunday is 0 and 7). */
const fields: readonly { first: number; last: number; names?: readonly string[] }[] = [
  { first: 0, last: 59 },
  { first: 0, last: 23 },
  { first: 1, last: 31 },
  { first: 1, last: 12, names: months },
  { first: 0, last: 7, names: weekdays },
];

/** Whether this is a five-field cron expression which some minute can match. */
export function isCron(text: string): boolean {
  const parts = text.trim().split(/\s+/);
  return (
    parts.length === fields.length &&
    parts.every((part, index) => {
      const field = fields[index];
      return field !== undefined && part.split(',').every((entry) => isEntry(entry, field));
    })
  );
}

function isEntry(entry: string, field: (typeof fields)[number]): boolean {
  const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(entry) ?? [];
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.last)) return false;
  if (range === '*') return true;
  const bounds = range.split('-').map((bound) => valueOf(bound, field));
  const [from, to = from] = bounds;
  return bounds.length <= 2 && from !== undefined && to !== undefined && from <= to;
}

/** The number that this means, or undefined where the field has no such value. */
function valueOf(text: string, { first, last, names }: (typeof fields)[number]): number | undefined {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + first;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value >= first && value <= last ? value : undefined;
}
