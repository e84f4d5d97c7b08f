import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { isOfTurn, sessionName } from '../../../../src/activities/database/turn.ts';
import { currentOwner } from '../../../../src/activities/owner.ts';

const runId = '01982c1e-7b1a-7c3d-8e4f-0123456789ab';

async function inAttempt<T>(activityId: string, attempt: number, act: () => T): Promise<T> {
  const environment = new MockActivityEnvironment({
    activityId,
    attempt,
    workflowType: 'restoreDatabase',
    workflowExecution: { workflowId: 'restore', runId },
  });
  return environment.run(async () => act());
}

const asSeenFrom = (activityId: string, attempt: number, session: string) =>
  inAttempt(activityId, attempt, () => isOfTurn(session, currentOwner('hermes')));

describe('a session’s name', () => {
  test('carries the run, the activity and the attempt, within PostgreSQL’s 63 bytes', async () => {
    const name = await inAttempt('1234', 9999, () => sessionName(currentOwner('hermes')));
    expect(name).toBe(`hermes-ops ${runId} 1234 9999`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
  });

  test.each([
    ['an earlier attempt', `hermes-ops ${runId} 7 1`, true],
    ['an earlier activity, however often it was tried', `hermes-ops ${runId} 6 40`, true],
    ['the same attempt', `hermes-ops ${runId} 7 2`, false],
    ['a later attempt', `hermes-ops ${runId} 7 3`, false],
    ['a later activity', `hermes-ops ${runId} 10 1`, false],
    ['an activity without a number', `hermes-ops ${runId} mine 1`, false],
  ])('of the same run tells %s', async (_, session, earlier) => {
    expect(await asSeenFrom('7', 2, session)).toEqual({ ours: true, earlier });
  });

  test('of another run names that run', async () => {
    const other = runId.replace('01', '02');
    expect(await asSeenFrom('7', 2, `hermes-ops ${other} 1 1`)).toEqual({ ours: false, runId: other });
  });

  test.each(['psql', '', 'hermes-ops verifies', `psql ${runId} 7 1`, `hermes-ops ' or 1=1 7 1`])(
    'that is %j is nobody’s run',
    async (session) => {
      expect(await asSeenFrom('7', 2, session)).toEqual({ ours: false, runId: undefined });
    },
  );
});
