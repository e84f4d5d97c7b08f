import type { ContainerHealth } from '../../procedures/list-services.ts';

/** Docker's account of its own checks: the last five of them, and how many failed one after another. */
export interface HealthRecord {
  Status: string;
  FailingStreak: number;
  Log: readonly Check[];
}

interface Check {
  Start: string;
  ExitCode: number;
  Output: string;
}

export interface HealthTiming {
  startedAtMs: number;
  /** From the container's configuration; 0 where it says nothing. */
  intervalMs: number;
  /** Checks that fail so soon after the start are not counted. */
  startPeriodMs: number;
}

const usualIntervalMs = 30_000;
const longestLine = 120;
/** Checks are not made to the second: of a long streak so much may be missing. */
const leastShare = 0.9;

/** What Docker's checks say, and from when on; null for a container without a check. Pure. */
export function healthOf(record: HealthRecord | undefined, timing: HealthTiming): ContainerHealth | null {
  if (record === undefined || record.Status === 'none' || record.Status === '') return null;
  const { Status: status, FailingStreak: streak } = record;
  // Oldest first.
  const checks = (record.Log ?? []).filter(({ Start }) => Date.parse(Start) > 0);
  const last = checks.at(-1);
  const said = last === undefined || last.ExitCode === 0 ? '' : lastLine(last.Output);
  if (last === undefined) return { status, since: null, orLonger: false, neverPassed: false, said };
  const same = sameInARow(checks);
  const oldest = same[0] ?? last;
  if (last.ExitCode === 0 || streak <= same.length) {
    const since = iso(Date.parse(oldest.Start));
    const isFirst = same.length === checks.length && coversAllSinceStart(same.length, checks, timing);
    const seenAll = same.length < checks.length || isFirst;
    return { status, since, orLonger: !seenAll, neverPassed: last.ExitCode !== 0 && isFirst, said };
  }
  // Docker counts more failures than it still has: the first one is reckoned from how often it looks.
  const firstMs = Date.parse(last.Start) - (streak - 1) * periodMs(checks, timing);
  const neverPassed = coversAllSinceStart(streak, checks, timing);
  const since = neverPassed ? timing.startedAtMs : firstMs;
  return { status, since: iso(since), orLonger: false, neverPassed, said };
}

/** The last checks that all passed, or all failed. */
function sameInARow(checks: readonly Check[]): Check[] {
  const passed = (check: Check | undefined): boolean => check?.ExitCode === 0;
  const before = checks.findLastIndex((check) => passed(check) !== passed(checks.at(-1)));
  return checks.slice(before + 1);
}

/** Whether so many checks in a row are all that were made since the start. */
function coversAllSinceStart(inARow: number, checks: readonly Check[], timing: HealthTiming): boolean {
  const period = periodMs(checks, timing);
  const ranMs = Date.parse(checks.at(-1)?.Start ?? '') - timing.startedAtMs - timing.startPeriodMs;
  const possible = Math.floor(ranMs / period);
  return inARow >= possible * leastShare - 1;
}

/** From one check to the next, as it was; or else as it was asked for. */
function periodMs(checks: readonly Check[], { intervalMs }: HealthTiming): number {
  const [first] = checks;
  const last = checks.at(-1);
  const seen =
    first === undefined || last === undefined || checks.length < 2
      ? 0
      : (Date.parse(last.Start) - Date.parse(first.Start)) / (checks.length - 1);
  if (seen > 0) return seen;
  return intervalMs > 0 ? intervalMs : usualIntervalMs;
}

/** What a failing check wrote last; never more than a line of it. */
function lastLine(output: string): string {
  const lines = output.split(/[\r\n]+/).map((text) => text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim());
  const line = lines.findLast((text) => text !== '') ?? '';
  return line.length > longestLine ? `${line.slice(0, longestLine - 1)}…` : line;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
