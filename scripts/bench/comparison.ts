/** One number, measured on the same data in the same run: with hermes-ops, and in the way an engineer does it by hand. */
export interface Comparison {
  /** What was measured: `backup: until it can be trusted`. Less is better. */
  name: string;
  unit: 's' | 'ms' | 'MB' | 'requests';
  ours: number[];
  byHand: number[];
  /** The commands of the way by hand. */
  way: string;
}

/** The middle of them; NaN for none. */
export function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b);
  const [low, high] = [ordered[(ordered.length - 1) >> 1], ordered[ordered.length >> 1]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** `12.4 s (11.9 to 13.0)`. */
export function spread(values: readonly number[], unit: Comparison['unit']): string {
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map(short);
  return least === most ? `${middle} ${unit}` : `${middle} ${unit} (${least} to ${most})`;
}

/** Ours in units of the way by hand: `0.03`; `none : 315` where one of them is nothing. */
export function ratio({ ours, byHand }: Pick<Comparison, 'ours' | 'byHand'>): string {
  const [mine, theirs] = [median(ours), median(byHand)];
  if (mine === 0 && theirs === 0) return 'none : none';
  if (mine === 0) return `none : ${short(theirs)}`;
  return theirs === 0 ? `${short(mine)} : none` : (mine / theirs).toPrecision(2);
}

function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
