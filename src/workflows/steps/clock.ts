/** The workflow's own time as ISO text. */
export function nowIso(): string {
  return new Date(Date.now()).toISOString();
}

/** `03:40 UTC`, with the date where it is not today. */
export function clockTime(atMs: number): string {
  const iso = new Date(atMs).toISOString();
  const sameDay = iso.slice(0, 10) === nowIso().slice(0, 10);
  return `${sameDay ? '' : `${iso.slice(0, 10)} `}${iso.slice(11, 16)} UTC`;
}

/** `24 h`, `5 min`, `12 s`. */
export function spokenDuration(durationMs: number): string {
  if (durationMs >= 2 * 3_600_000) return `${Math.round(durationMs / 3_600_000)} h`;
  if (durationMs >= 2 * 60_000) return `${Math.round(durationMs / 60_000)} min`;
  return `${Math.round(durationMs / 1000)} s`;
}

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `90s`, `30m`, `24h` or `2d`, which an input schema has checked. */
export function durationMsOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([smhd])$/.exec(text);
  const [, amount, unit] = match ?? [];
  if (amount === undefined || (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd')) {
    throw new TypeError(`${text} is not a duration such as 30m`);
  }
  return Number(amount) * unitMs[unit];
}
