import { describe, expect, test } from 'vitest';
import { jobProblem } from '../../../../src/activities/database/tools-job.ts';

const outcome = { exitCode: 1, oomKilled: false, log: '', startedAt: '', finishedAt: '' };

describe('the problem of a failed job', () => {
  test('says what failed, with the tool’s own errors, and none of the rows that they quote', () => {
    const log = [
      'pg_restore: connecting to database for restore',
      'pg_restore: error: could not execute query: ERROR:  insert violates foreign key constraint "matters_firm"',
      'DETAIL:  Key (client)=(Ada Abbott) is not present.',
      'CONTEXT:  COPY matters, line 7: "7 Ada Abbott error"',
      'pg_restore: error: invalid input syntax for type integer: "Ada Abbott"',
    ].join('\n');
    const { message } = jobProblem('JobFailed', 'pg_restore of b1 failed', { ...outcome, log });
    expect(message).toContain('pg_restore of b1 failed (exit 1)');
    expect(message).toContain('matters_firm');
    expect(message).toContain('invalid input syntax for type integer');
    expect(message).not.toContain('Ada');
  });

  test('says when memory ran out', () => {
    const { message } = jobProblem('JobFailed', 'pg_restore failed', {
      ...outcome,
      exitCode: 137,
      oomKilled: true,
    });
    expect(message).toContain('out of memory');
  });
});
