import { expect, test } from 'vitest';
import { readableLog } from '../../../../src/activities/docker/job-log.ts';

test('what an error quotes of a row never reaches the message', () => {
  const log = readableLog(
    [
      'pg_restore: while PROCESSING TOC:',
      'pg_restore: from TOC entry 3400; 0 16390 TABLE DATA matters postgres',
      'pg_restore: error: COPY failed for table "matters": ERROR:  duplicate key value violates unique constraint "matters_pkey"',
      'DETAIL:  Key (client)=(Jane Roe,',
      'her second line) already exists.',
      'CONTEXT:  COPY matters, line 7: "Jane Roe\tdivorce"',
      'pg_restore: error: COPY failed for table "bills": ERROR:  invalid input syntax for type integer: "Jane Roe"',
      'CONTEXT:  COPY bills, line 1, column amount: "Jane Roe"',
      'HINT:  See the server log.',
    ].join('\n'),
  );
  expect(log).not.toContain('Jane');
  expect(log).not.toContain('second line');
  expect(log).toContain('unique constraint "matters_pkey"');
  expect(log).toContain('invalid input syntax for type integer: (value left out)');
  expect(log).toContain('See the server log.');
});

test('pg_dump’s own detail lines are left out, its errors stay', () => {
  const log = readableLog(
    [
      'pg_dump: error: Dumping the contents of table "matters" failed: PQgetResult() failed.',
      'pg_dump: detail: Error message from server: ERROR:  invalid memory alloc, row "Jane Roe"',
      'pg_dump: detail: Command was: COPY public.matters (id) TO stdout;',
    ].join('\n'),
  );
  expect(log).toBe('pg_dump: error: Dumping the contents of table "matters" failed: PQgetResult() failed.');
});

test('a long output is cut to its last lines, and a long line to its end', () => {
  const lines = Array.from({ length: 500 }, (_, index) => `line ${index}`);
  expect(readableLog(lines.join('\n')).split('\n')).toHaveLength(50);
  expect(readableLog(lines.join('\n'))).toMatch(/line 499$/);
  expect(readableLog('x'.repeat(100_000)).length).toBe(8000);
});
