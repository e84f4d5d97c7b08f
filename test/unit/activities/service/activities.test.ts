import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, describe, expect, test } from 'vitest';
import type { Reconnection, SmokeTest } from '../../../../src/activities/contract/service.ts';
import { createServiceActivities } from '../../../../src/activities/service/activities.ts';
import { type FakeService, json, type Reply, startService, token } from './service-server.ts';

let service: FakeService;
afterEach(() => service?.close());

const component = (name: string, status: string) => ({ component: name, status, latency_ms: 1 });
const healthy = [
  component('database', 'healthy'),
  component('redis', 'healthy'),
  component('openai_api', 'unknown'),
];

/** As HERMES without an OpenAI key answers: its whole is unknown. */
function hermes(components: object[] = healthy, session = { status: 200, body: { session_id: 'x' } }): Reply {
  return ({ url }, response) =>
    url === '/health/detailed'
      ? json(response, 200, { status: 'unknown', components })
      : json(response, session.status, session.body);
}

function inActivity<T>(act: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(act);
}

const smokeTest = (): Promise<SmokeTest> =>
  inActivity(() => createServiceActivities(service.setting).smokeTest());
const reconnection = (withinMs: number): Promise<Reconnection> =>
  inActivity(() => createServiceActivities(service.setting).awaitReconnection({ withinMs }));

describe('the smoke test', () => {
  test('passes where the database and redis serve, though the whole is unknown', async () => {
    service = await startService(hermes());
    const { checks } = await smokeTest();
    expect(checks).toMatchObject([
      { name: 'GET /health/detailed', status: 200, detail: '' },
      { name: 'POST /api/v1/voice/session', status: 200, detail: '' },
    ]);
    expect(service.asked[1]).toMatchObject({ method: 'POST', authorization: `Bearer ${token}` });
    expect(service.asked[0]?.authorization).toBeUndefined();
  });

  test('passes where a component is degraded: it serves', async () => {
    service = await startService(hermes([component('database', 'degraded'), component('redis', 'healthy')]));
    await smokeTest();
  });

  test.each<[string, Reply, RegExp]>([
    [
      'the database is unhealthy',
      hermes([component('database', 'unhealthy'), component('redis', 'healthy')]),
      /database is unhealthy/,
    ],
    [
      'redis is unknown',
      hermes([component('database', 'healthy'), component('redis', 'unknown')]),
      /redis is unknown/,
    ],
    ['nothing is said of the database', hermes([component('redis', 'healthy')]), /database is not there/],
    ['there are no components', ({ url }, response) => json(response, 200, { url }), /without components/],
    [
      'the session is refused',
      hermes(healthy, { status: 401, body: { session_id: 'x' } }),
      /POST \/api\/v1\/voice\/session answered 401/,
    ],
    ['the proxy has no api', (_, response) => response.writeHead(502).end(), /answered 502/],
  ])('fails where %s, and says what came', async (_, reply, message) => {
    service = await startService(reply);
    const failure = smokeTest();
    await expect(failure).rejects.toMatchObject({
      type: 'SmokeTestFailed',
      nonRetryable: true,
      message: expect.stringMatching(message),
    });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining(token) });
  });

  test('gives an api that errs once another chance', async () => {
    service = await startService((request, response, body) => {
      service.reply = hermes();
      response.writeHead(502).end();
      return [request, body];
    });
    await smokeTest();
    expect(service.asked.length).toBe(4);
  });
});

describe('waiting until the api has reconnected', () => {
  test('ends when it answered well several times in a row, and says how long it was not', async () => {
    let bad = 3;
    service = await startService((request, response, body) => {
      if (request.url === '/health/detailed' && (bad -= 1) >= 0) return response.writeHead(503).end();
      return hermes()(request, response, body);
    });
    const { reconnected, afterMs } = await reconnection(10_000);
    expect(reconnected).toBe(true);
    expect(afterMs).toBeGreaterThan(300);
    expect(service.asked.filter(({ path }) => path === '/health/detailed')).toHaveLength(3 + 8);
  });

  test('begins to count again at every bad answer', async () => {
    let asked = 0;
    service = await startService((request, response, body) => {
      if (request.url === '/health/detailed' && (asked += 1) === 5) return response.writeHead(503).end();
      return hermes()(request, response, body);
    });
    await reconnection(10_000);
    expect(asked).toBe(5 + 8);
  });

  test('ends when it does not come back in time, without an error', async () => {
    service = await startService((_, response) => response.writeHead(503).end());
    const { reconnected, afterMs } = await reconnection(500);
    expect(reconnected).toBe(false);
    expect(afterMs).toBeGreaterThanOrEqual(500);
  });
});
