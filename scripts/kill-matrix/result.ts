/** One run in which the worker was killed once. */
export interface KillMatrixResult {
  procedure: string;
  afterEvent: number;
  /** The event, in words. */
  name: string;
  seed: number;
  delayMs: number;
  seconds: number;
  /** Empty when all was as it should be. */
  wrong: string[];
}
