/** One run in which the worker was killed once. */
export interface KillMatrixResult {
  procedure: string;
  afterEvent: number;
  /** The event, in words. */
  name: string;
  seed: number;
  delayMs: number;
  seconds: number;
  /** The run had ended before that event: how many workflow tasks a run takes differs a little from run to run. */
  missed: boolean;
  /** Empty when all was as it should be. */
  wrong: string[];
}

/** How a run ended, in words. */
export function endOf({ missed, wrong }: Pick<KillMatrixResult, 'missed' | 'wrong'>): string {
  if (wrong.length > 0) return wrong.join('; ');
  return missed ? 'as it should, before that event' : 'as it should';
}
