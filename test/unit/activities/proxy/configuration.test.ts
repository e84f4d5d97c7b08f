import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { upstreamOf } from '../../../../src/activities/proxy/configuration.ts';

const asked = { upstream: 'hermes_api', port: 8000, fallback: 'api' };
const block = (servers: string) => `http { upstream hermes_api { least_conn; ${servers} keepalive 32; } }`;

test('the sandbox’s nginx, which is HERMES’s, reaches the api by its name', async () => {
  const url = new URL('../../../../sandbox/nginx/nginx.conf', import.meta.url);
  expect(upstreamOf(await readFile(url, 'utf8'), asked)).toEqual({ names: ['api'], unsteerable: [] });
});

describe('names', () => {
  test.each([
    ['server api:8000 max_fails=3 fail_timeout=30s;', ['api']],
    ['server hermes-api:8000; server api:8000 backup;', ['hermes-api', 'api']],
    ['# server old:8000;\n server api:8000;', ['api']],
  ])('%s', (servers, names) => {
    expect(upstreamOf(block(servers), asked)).toEqual({ names, unsteerable: [] });
  });

  test('without an upstream block are those that are passed to on the port', () => {
    const text = 'location / { proxy_pass http://web:8000/; } location /x { proxy_pass http://other:9000; }';
    expect(upstreamOf(text, asked).names).toEqual(['web']);
    expect(upstreamOf('events {}', asked).names).toEqual(['api']);
  });
});

describe('nginx that does not ask its hosts file', () => {
  test.each([
    [block('server api:8000 resolve;')],
    ['resolver 127.0.0.11; set $to api; location / { proxy_pass http://$to:8000; }'],
  ])('is told apart: %s', (text) => {
    expect(upstreamOf(text, asked).unsteerable.join()).toContain('resolves the name by itself');
  });

  test('since it is told addresses is told apart', () => {
    expect(upstreamOf(block('server 172.21.0.4:8000;'), asked).unsteerable.join()).toContain('addresses');
  });

  test('a resolver for something else changes nothing', () => {
    const text = `resolver 1.1.1.1; ssl_stapling on; ${block('server api:8000;')} location / { proxy_pass http://hermes_api; }`;
    expect(upstreamOf(text, asked).unsteerable).toEqual([]);
  });
});

test('any text is read without an error', () => {
  fc.assert(fc.property(fc.string(), (text) => upstreamOf(text, asked).names.length > 0));
});
