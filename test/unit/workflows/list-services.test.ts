import { ApplicationFailure } from '@temporalio/common';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type World, world } from './fakes.ts';
import { stackContainer, stackLook } from './stack-look-fakes.ts';
import { realRuns, type TimeSkipping, timeSkipping } from './time-skipping.ts';

let temporal: TimeSkipping;
beforeAll(async () => {
  temporal = await timeSkipping();
});
afterAll(() => temporal.close());

let count = 0;

async function listed(scene: World, input: object = { by: 'chris' }): Promise<unknown> {
  count += 1;
  return temporal.serve({ ...scene.activities, ...realRuns(temporal.client) }, async () => {
    const handle = await temporal.start('listServices', `services-${count}`, [input]);
    return handle
      .result()
      .catch((error: unknown) => (error instanceof WorkflowFailedError ? error.cause : error));
  });
}

test('one look, no lock, no change: what was seen, and what follows from it', async () => {
  const scene = world();
  expect(await listed(scene)).toEqual({
    outcome: 'done',
    summary: 'All 4 containers are as they should be.',
    report: { ...stackLook(), findings: [] },
  });
  expect(scene.calls).toEqual(['readPolicy', 'lookAtStack', 'writeRecord']);
});

test('trouble is no failure of the look; it stands in the summary and in the record’s timeline', async () => {
  const containers = [stackContainer({ state: 'exited', exitCode: 137 }), ...stackLook().containers.slice(1)];
  const scene = world({ lookAtStack: async () => stackLook({ containers }) });
  expect(await listed(scene)).toMatchObject({
    outcome: 'done',
    summary: '3 of 4 containers run; in trouble: hermes-api.',
    report: { findings: [{ trouble: true, about: 'hermes-api' }] },
  });
  expect(scene.records[0]?.timeline.map(({ text }) => text)).toContain(
    'hermes-api: it ended with exit code 137, killed',
  );
});

test('an engine that is away is asked three times, and the answer does not say that anything is down', async () => {
  let attempts = 0;
  const scene = world({
    lookAtStack: async () => {
      attempts += 1;
      throw ApplicationFailure.create({ type: 'Unreachable', message: 'The Docker engine does not answer.' });
    },
  });
  expect(await listed(scene)).toMatchObject({
    type: 'Unreachable',
    message: expect.stringMatching(/cannot be seen\. They may well run, and serve\./),
  });
  expect(attempts).toBe(3);
});

test('any other failure keeps its own words', async () => {
  const scene = world({
    lookAtStack: async () => {
      throw ApplicationFailure.nonRetryable('permission denied', 'EngineRefused');
    },
  });
  expect(await listed(scene)).toMatchObject({ type: 'EngineRefused', message: 'permission denied' });
});
