import * as v from 'valibot';
import { absolutePath, httpUrl, port, text } from './field.ts';
import { duration } from './quantity.ts';
import { secretReference } from './secrets.ts';

const path = (about: string, fallback: string) => v.optional(absolutePath(about), fallback);
const url = (about: string, fallback: string) => v.optional(httpUrl(about), fallback);

const probes = v.pipe(
  v.strictObject({
    health: path('Answers while anything serves at all. It asks nothing behind it.', '/health'),
    detailed: path('Each component’s state.', '/health/detailed'),
    integrations: path('OpenAI and Clio as the service sees them.', '/api/v1/health/integrations'),
    performance: path('Latencies by stage of the voice pipeline.', '/api/v1/monitoring/performance'),
    slaCompliance: path('The SLA report with its error rate.', '/api/v1/monitoring/sla-compliance'),
    databaseStats: path('The connection pool as one worker sees it.', '/api/v1/monitoring/database-stats'),
    performanceByTenant: path('Latencies by tenant.', '/api/v1/monitoring/performance-by-tenant'),
    deadLetterStats: path('Dead letters by priority (admin).', '/api/v1/dlq/stats'),
    deadLetterList: path('The dead letters themselves (admin).', '/api/v1/dlq/list'),
    deadLetterRetry: path('Sends dead letters again (admin, POST).', '/api/v1/dlq/retry'),
    clioRefresh: path(
      'Refreshes the OAuth token of Clio (admin, POST).',
      '/api/v1/integrations/clio/refresh-token',
    ),
    smokeTest: path('Starts a voice session (test token, POST).', '/api/v1/voice/session'),
  }),
  v.description('The paths under url that are asked.'),
);

const external = v.pipe(
  v.strictObject({
    openaiStatus: url('OpenAI’s status page.', 'https://status.openai.com'),
    openaiModels: url('OpenAI’s API, to see that it answers.', 'https://api.openai.com/v1/models'),
    clioStatus: url('Clio’s status page.', 'https://status.clio.com'),
    clioMatters: url('Clio’s API, to see that it answers.', 'https://app.clio.com/api/v4/matters'),
  }),
  v.description('Addresses of others that the service depends on.'),
);

/** Paths are resolved against it, so one of its own, a query or a login would be lost without a word. */
function isOrigin(address: string): boolean {
  const { pathname, search, hash, username, password } = new URL(address);
  return pathname === '/' && `${search}${hash}${username}${password}` === '';
}

/** The service as customers reach it, and how it is asked how it is. */
export const service = v.pipe(
  v.strictObject({
    url: v.optional(
      v.pipe(
        httpUrl('The address that customers use, without a path.'),
        v.check(
          (address) => !/^https?:/.test(address) || !URL.canParse(address) || isOrigin(address),
          'scheme, host and port only, such as https://hermes.example.com',
        ),
      ),
      'https://hermes.yourdomain.com',
    ),
    connectTo: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[^\s/:@]+:\d{1,5}$/, 'host:port, such as 127.0.0.1:443'),
        v.check((address) => isPort(address.split(':')[1]), 'host:port, with a port from 1 to 65535'),
        v.description(
          'Connect there instead, with the name and certificate of url: where its name leads elsewhere.',
        ),
      ),
    ),
    caFile: v.optional(
      text(
        'The CAs of the served certificate, a PEM file with one or several, where it is not a public one.',
      ),
    ),
    adminToken: v.optional(
      v.pipe(secretReference, v.description('The bearer token for the probes marked admin.')),
      { env: 'ADMIN_TOKEN' },
    ),
    testToken: v.optional(v.pipe(secretReference, v.description('The bearer token for the smoke test.')), {
      env: 'TEST_TOKEN',
    }),
    timeout: v.optional(duration('How long a probe waits for its answer.', { shortestMs: 1 }), '10s'),
    probes: v.optional(probes, {}),
    external: v.optional(external, {}),
  }),
  v.description('The service as customers reach it, and its probes.'),
  v.transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout })),
);

export const cache = v.pipe(
  v.strictObject({
    password: v.optional(
      v.pipe(secretReference, v.description('Where the password of Redis is: {env: NAME} or {file: PATH}.')),
      { env: 'REDIS_PASSWORD' },
    ),
    deadLetterPrefix: v.optional(
      text('Keys that begin so are dead letters: nothing removes them, whatever else is flushed.'),
      'hermes:dlq',
    ),
    forgetAfterRestore: v.optional(
      v.pipe(
        v.array(text('A pattern of keys, such as cache:*.')),
        v.description(
          'Keys that a restore deletes after the swap, since they belong to the undone state. Sessions of calls under way may be among them: none by default.',
        ),
      ),
      [],
    ),
  }),
  v.description('Redis, where the dead letters live.'),
);

/** The proxy’s own facts, which certificates and scaling need. */
export const proxy = v.pipe(
  v.strictObject({
    upstream: v.optional(text('The upstream block that names the api.'), 'hermes_api'),
    httpPort: v.optional(port('Where it answers plain HTTP, challenges included.'), 80),
    httpsPort: v.optional(port('Where it serves the certificate.'), 443),
    webroot: path(
      'The folder in its container that answers /.well-known/acme-challenge/.',
      '/var/www/certbot',
    ),
  }),
  v.description('nginx: its upstream, ports and webroot.'),
);

function isPort(digits: string | undefined): boolean {
  const number = Number(digits);
  return number >= 1 && number <= 65_535;
}
