/** What a stage counts: one for a tool, one for each test. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export const emptyCounts: Counts = { passed: 0, failed: 0, skipped: 0 };

export function sum(all: readonly Counts[]): Counts {
  return all.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    }),
    emptyCounts,
  );
}

export function closingLine({ passed, failed, skipped }: Counts): string {
  const counted = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? counted : `${counted}, ${skipped} skipped`;
}

/**
 * Counts the tests of a vitest JSON report. A file that failed before its first test counts as one failure,
 * and so does a run that failed without saying where, or in which no test ran.
 */
export function countTests(report: unknown, exitCode: number | undefined): Counts {
  const files = isRecord(report) && Array.isArray(report['testResults']) ? report['testResults'] : [];
  const counts = sum(files.filter(isRecord).map(countFile));
  const ranNothing = counts.passed + counts.failed === 0;
  const failedUnseen = exitCode !== 0 && counts.failed === 0;
  return ranNothing || failedUnseen ? { ...counts, failed: counts.failed + 1 } : counts;
}

function countFile(file: Record<string, unknown>): Counts {
  const tests = Array.isArray(file['assertionResults']) ? file['assertionResults'].filter(isRecord) : [];
  const count = (wanted: (status: unknown) => boolean): number =>
    tests.filter(({ status }) => wanted(status)).length;
  const failed = count((status) => status === 'failed');
  return {
    passed: count((status) => status === 'passed'),
    failed: failed === 0 && file['status'] === 'failed' ? 1 : failed,
    skipped: count((status) => status !== 'passed' && status !== 'failed'),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
