/** What came of the traffic. */
export interface TrafficResult {
  durationMs: number;
  /** Requests, half of them POST. */
  sent: number;
  failed: number;
  /** The first failures, of requests and of streams. */
  firstFailures: { atMs: number; what: string }[];
  /** The longest time in which no request was answered well. */
  longestGapMs: number;
  p95Ms: number;
  streams: number;
  cutStreams: number;
  /** Good answers by the container that gave them: the first 12 characters of its id. */
  answeredBy: Record<string, number>;
}

const keptFailures = 10;

/** Counts answers as they come. Times are milliseconds since it began. */
export class TrafficTally {
  readonly #startedMs = performance.now();
  readonly #firstFailures: { atMs: number; what: string }[] = [];
  readonly #answeredBy = new Map<string, number>();
  readonly #durationsMs: number[] = [];
  #lastGoodMs = 0;
  #longestGapMs = 0;
  #sent = 0;
  #failed = 0;
  #streams = 0;
  #cutStreams = 0;

  get goodAnswers(): number {
    return this.#durationsMs.length;
  }

  nowMs(): number {
    return performance.now() - this.#startedMs;
  }

  sent(): void {
    this.#sent += 1;
  }

  streamBegan(): void {
    this.#streams += 1;
  }

  answered(by: string, sinceMs: number): void {
    const atMs = this.nowMs();
    this.#longestGapMs = Math.max(this.#longestGapMs, atMs - this.#lastGoodMs);
    this.#lastGoodMs = atMs;
    this.#durationsMs.push(atMs - sinceMs);
    this.#answeredBy.set(by, (this.#answeredBy.get(by) ?? 0) + 1);
  }

  failed(what: string): void {
    this.#failed += 1;
    this.#note(what);
  }

  streamCut(what: string): void {
    this.#cutStreams += 1;
    this.#note(what);
  }

  /** The result; `endedMs` is when the last request was sent. */
  result(endedMs: number): TrafficResult {
    const ordered = this.#durationsMs.toSorted((a, b) => a - b);
    return {
      durationMs: Math.round(endedMs),
      sent: this.#sent,
      failed: this.#failed,
      firstFailures: this.#firstFailures,
      longestGapMs: Math.round(Math.max(this.#longestGapMs, endedMs - this.#lastGoodMs)),
      p95Ms: Math.round(ordered[Math.floor(ordered.length * 0.95)] ?? 0),
      streams: this.#streams,
      cutStreams: this.#cutStreams,
      answeredBy: Object.fromEntries(this.#answeredBy),
    };
  }

  #note(what: string): void {
    if (this.#firstFailures.length >= keptFailures) return;
    this.#firstFailures.push({ atMs: Math.round(this.nowMs()), what });
  }
}
