import { expect, test } from 'vitest';
import { closingLine, countTests } from '../../../../scripts/test/counts.ts';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((testStatus) => ({ status: testStatus })),
});

test('every test counts, and skipped ones are told apart', () => {
  const report = {
    testResults: [file('passed', 'passed', 'skipped'), file('failed', 'passed', 'failed', 'todo')],
  };
  expect(countTests(report, 1)).toEqual({ passed: 2, failed: 1, skipped: 2 });
});

test('a file that fails before its first test is a failure', () => {
  const report = { testResults: [file('passed', 'passed'), file('failed')] };
  expect(countTests(report, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
});

test('a run that failed without a failed test is a failure', () => {
  expect(countTests({ testResults: [file('passed', 'passed')] }, 1).failed).toBe(1);
  expect(countTests(undefined, undefined).failed).toBe(1);
});

test('a run in which no test ran is a failure, whatever its exit code says', () => {
  expect(countTests({ testResults: [] }, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countTests({ testResults: [file('passed', 'skipped')] }, 0).failed).toBe(1);
});

test('the closing line names skipped tests only when there are some', () => {
  expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
  expect(closingLine({ passed: 12, failed: 1, skipped: 3 })).toBe('12 passed, 1 failed, 3 skipped');
});
