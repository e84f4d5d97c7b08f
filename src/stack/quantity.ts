import * as v from 'valibot';

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unitBytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

const durationPattern = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/;
const sizePattern = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB)$/;
const durationExpected = 'a duration such as 500ms, 90s, 30m, 24h or 7d';
const sizeExpected = 'a size such as 512MiB or 2GiB';

/** Milliseconds of `90s`, `30m`, `24h`, `7d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, durationPattern, unitMs);
}

/** Bytes of `512MiB`, `2GiB`; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, sizePattern, unitBytes);
}

/** A duration in the file; milliseconds after the parse. */
export const duration = v.pipe(
  v.string(durationExpected),
  v.check((text) => parseDuration(text) !== undefined, durationExpected),
  v.transform((text) => parseDuration(text) ?? 0),
);

/** A size in the file; bytes after the parse. */
export const size = v.pipe(
  v.string(sizeExpected),
  v.check((text) => parseSize(text) !== undefined, sizeExpected),
  v.transform((text) => parseSize(text) ?? 0),
);

function parseQuantity(text: string, pattern: RegExp, units: Record<string, number>): number | undefined {
  const [, amount, unit] = pattern.exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}
