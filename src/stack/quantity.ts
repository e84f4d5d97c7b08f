import * as v from 'valibot';

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unitBytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

const durationPattern = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/;
const sizePattern = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB)$/;
const durationExpected = 'a duration such as 500ms, 90s, 30m, 24h or 7d';
const sizeExpected = 'a size such as 512MiB or 2GiB';

const longestMs = 3650 * unitMs.d;
const largestBytes = 1024 * unitBytes.TiB;

/** Milliseconds of `90s`, `30m`, `24h`, `7d`; undefined for anything else, and for more than ten years. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, durationPattern, unitMs, longestMs);
}

/** Bytes of `512MiB`, `2GiB`; undefined for anything else, and for more than 1024TiB. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, sizePattern, unitBytes, largestBytes);
}

/** A duration in the file; milliseconds after the parse. */
export const duration = (about: string, { shortestMs = 0 }: { shortestMs?: number } = {}) =>
  v.pipe(
    v.string(durationExpected),
    v.regex(durationPattern, durationExpected),
    v.description(about),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
      const durationMs = parseDuration(value);
      if (durationMs !== undefined && durationMs >= shortestMs) return durationMs;
      addIssue({
        message: durationMs === undefined ? 'a duration of at most 3650d' : `at least ${shortestMs}ms`,
      });
      return NEVER;
    }),
  );

/** A size in the file; bytes after the parse. */
export const size = (about: string) =>
  v.pipe(
    v.string(sizeExpected),
    v.regex(sizePattern, sizeExpected),
    v.description(about),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }) => {
      const sizeBytes = parseSize(value);
      if (sizeBytes !== undefined) return sizeBytes;
      addIssue({ message: 'a size of at most 1024TiB' });
      return NEVER;
    }),
  );

function parseQuantity(
  text: string,
  pattern: RegExp,
  units: Record<string, number>,
  largest: number,
): number | undefined {
  const [, amount, unit] = pattern.exec(text) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  if (amount === undefined || factor === undefined) return undefined;
  const value = Math.round(Number(amount) * factor);
  return value <= largest ? value : undefined;
}
