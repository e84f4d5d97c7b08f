import { afterEach, describe, expect, test } from 'vitest';
import { askService } from '../../../../src/activities/service/http.ts';
import { type FakeService, json, settingOf, startService } from './service-server.ts';

let service: FakeService;
afterEach(() => service?.close());

describe('asking the service', () => {
  test('sends the token as a bearer and the body as JSON, and reads the answer', async () => {
    service = await startService((_, response) => json(response, 201, { ok: true }));
    const answer = await askService(service.setting, {
      method: 'POST',
      path: '/x',
      token: 't',
      json: { a: 1 },
    });
    expect(answer).toMatchObject({ status: 201, body: { ok: true } });
    expect(service.asked).toEqual([
      { method: 'POST', path: '/x', authorization: 'Bearer t', body: '{"a":1}' },
    ]);
  });

  test('connects elsewhere than the name says, and asks for that name', async () => {
    let host: string | undefined;
    service = await startService((request, response) => {
      host = request.headers.host;
      json(response, 200, {});
    });
    const setting = settingOf({ url: 'http://hermes.example.com', connectTo: `127.0.0.1:${service.port}` });
    expect(await askService(setting, { path: '/health' })).toMatchObject({ status: 200 });
    expect(host).toBe('hermes.example.com');
  });

  test.each([
    ['is down', { url: 'http://127.0.0.1:1' }],
    ['is down where connectTo leads', { url: 'http://hermes.example.com', connectTo: '127.0.0.1:1' }],
    ['answers no TLS', { url: 'https://hermes.example.com', connectTo: '127.0.0.1:1' }],
  ])('that %s is an answer of 0 with the reason, never an exception', async (_, where) => {
    service = await startService(() => undefined);
    const answer = await askService(settingOf(where), { path: '/health' });
    expect(answer).toMatchObject({ status: 0, failure: expect.stringMatching(/ECONNREFUSED/) });
  });

  test('that never answers ends at the limit', async () => {
    service = await startService(() => undefined);
    const answer = await askService(service.setting, { path: '/health', timeoutMs: 200 });
    expect(answer.status).toBe(0);
    expect(answer.durationMs).toBeLessThan(2000);
  });

  test('that sends without end is read to the limit of size', async () => {
    service = await startService((_, response) => {
      response.writeHead(200);
      const send = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', send);
      };
      send();
    });
    const answer = await askService(service.setting, { path: '/health', timeoutMs: 5000 });
    expect(answer.status).toBe(200);
  });

  test('for what is no JSON gives a status without a body', async () => {
    service = await startService((_, response) => response.writeHead(502).end('<html>Bad Gateway</html>'));
    const answer = await askService(service.setting, { path: '/health' });
    expect(answer).toMatchObject({ status: 502, body: undefined });
  });

  test('follows no redirect: another place is another answer', async () => {
    service = await startService((_, response) =>
      response.writeHead(301, { location: 'https://elsewhere/' }).end(),
    );
    expect(await askService(service.setting, { path: '/health' })).toMatchObject({ status: 301 });
  });
});
