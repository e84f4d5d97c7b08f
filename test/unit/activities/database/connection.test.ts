import { describe, expect, test } from 'vitest';
import { isConnectionLoss, sqlState } from '../../../../src/activities/database/connection.ts';

const failure = (message: string, code?: string): Error =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

describe('a failed statement', () => {
  test.each([
    failure('terminating connection due to administrator command', '57P01'),
    failure('the database system is shutting down', '57P03'),
    failure('connection failure', '08006'),
    failure('read ECONNRESET', 'ECONNRESET'),
    failure('connect ECONNREFUSED 10.0.0.1:5432', 'ECONNREFUSED'),
    failure('Connection terminated unexpectedly'),
    failure('Client has encountered a connection error and is not queryable'),
  ])('with a broken connection ($message) may have been done or not', (error) => {
    expect(isConnectionLoss(error)).toBe(true);
  });

  test.each([
    failure('deadlock detected', '40P01'),
    failure('database "x" does not exist', '3D000'),
    failure('canceling statement due to lock timeout', '55P03'),
    failure('something else'),
    'a string',
    undefined,
  ])('that the server refused (%s) was not done', (error) => {
    expect(isConnectionLoss(error)).toBe(false);
  });

  test('has a state only where the server gave one', () => {
    expect(sqlState(failure('x', '42501'))).toBe('42501');
    expect(sqlState(failure('x'))).toBeUndefined();
    expect(sqlState({ code: '42501' })).toBeUndefined();
  });
});
