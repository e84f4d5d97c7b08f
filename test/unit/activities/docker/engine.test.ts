import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { engineCall, engineStatus, unlessGone } from '../../../../src/activities/docker/engine.ts';

function failing(fields: object): () => Promise<never> {
  return async () => {
    throw Object.assign(new Error('refused'), fields);
  };
}

test.each(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'])(
  'an engine that is away (%s) is tried again',
  async (code) => {
    const failure = await engineCall('Looking', failing({ code })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'Unreachable', nonRetryable: false });
  },
);

test('an answer of the engine is handed on as it is', async () => {
  const failure = await engineCall('Looking', failing({ statusCode: 409 })).catch((error: unknown) => error);
  expect(failure).not.toBeInstanceOf(ApplicationFailure);
  expect(engineStatus(failure)).toBe(409);
});

test('gone already, and so already, are answers; anything else is not', async () => {
  await expect(unlessGone(failing({ statusCode: 404 }))).resolves.toBeUndefined();
  await expect(unlessGone(failing({ statusCode: 304 }))).resolves.toBeUndefined();
  await expect(unlessGone(failing({ statusCode: 500 }))).rejects.toThrow('refused');
  await expect(unlessGone(failing({}))).rejects.toThrow('refused');
});
