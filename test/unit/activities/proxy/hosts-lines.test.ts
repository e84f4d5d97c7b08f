import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesIn, withLines } from '../../../../src/activities/proxy/hosts-lines.ts';

const docker = '127.0.0.1\tlocalhost\n::1\tlocalhost\n172.21.0.5\te2c8a16a11d8\n';
const line = (address: string, workflowId = 'restart-1') => ({
  address,
  name: 'api',
  workflowId,
  runId: '01a2126a-779e-70b7-8bb1-917eb9ef90a3',
});

test('what was written is read again, and everything else stays as it was', () => {
  const told = withLines(docker, [line('172.21.0.6'), line('172.21.0.7')]);
  expect(told.startsWith(docker)).toBe(true);
  expect(linesIn(told)).toEqual([line('172.21.0.6'), line('172.21.0.7')]);
  expect(withLines(told, [])).toBe(docker);
});

test('new lines take the place of those of any run before', () => {
  const told = withLines(docker, [line('172.21.0.6')]);
  expect(linesIn(withLines(told, [line('172.21.0.9', 'another')]))).toEqual([line('172.21.0.9', 'another')]);
});

test('a workflow id of any characters keeps to its line', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (workflowId) => {
      const told = withLines(docker, [line('172.21.0.6', workflowId)]);
      expect(linesIn(told)).toEqual([line('172.21.0.6', workflowId)]);
      expect(withLines(told, [])).toBe(docker);
    }),
  );
});

test('a line of ours that was damaged is taken away with the others', () => {
  expect(withLines(`${docker}172.21.0.6 api # hermes-ops what\n`, [])).toBe(docker);
  expect(linesIn(`${docker}172.21.0.6 api # hermes-ops what\n`)).toEqual([]);
});
