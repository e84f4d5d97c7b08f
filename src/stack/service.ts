import * as v from 'valibot';
import { duration } from './quantity.ts';
import { secretReference } from './secrets.ts';

const path = (fallback: string) =>
  v.optional(v.pipe(v.string(), v.startsWith('/', 'a path that starts with /')), fallback);
const url = (fallback: string) =>
  v.optional(v.pipe(v.string(), v.url('a URL such as https://hermes.example.com')), fallback);

/** The service as customers reach it, and how it is asked how it is. */
export const service = v.pipe(
  v.strictObject({
    url: url('https://hermes.yourdomain.com'),
    connectTo: v.optional(v.pipe(v.string(), v.regex(/^[^\s/:]+:\d{1,5}$/, 'host:port'))),
    caFile: v.optional(v.string()),
    adminToken: v.optional(secretReference, { env: 'ADMIN_TOKEN' }),
    testToken: v.optional(secretReference, { env: 'TEST_TOKEN' }),
    timeout: v.optional(duration, '10s'),
    probes: v.optional(
      v.strictObject({
        health: path('/health'),
        detailed: path('/health/detailed'),
        integrations: path('/api/v1/health/integrations'),
        performance: path('/api/v1/monitoring/performance'),
        slaCompliance: path('/api/v1/monitoring/sla-compliance'),
        databaseStats: path('/api/v1/monitoring/database-stats'),
        performanceByTenant: path('/api/v1/monitoring/performance-by-tenant'),
        deadLetterStats: path('/api/v1/dlq/stats'),
        deadLetterList: path('/api/v1/dlq/list'),
        deadLetterRetry: path('/api/v1/dlq/retry'),
        clioRefresh: path('/api/v1/integrations/clio/refresh-token'),
        smokeTest: path('/api/v1/voice/session'),
      }),
      {},
    ),
    external: v.optional(
      v.strictObject({
        openaiStatus: url('https://status.openai.com'),
        openaiModels: url('https://api.openai.com/v1/models'),
        clioStatus: url('https://status.clio.com'),
        clioMatters: url('https://app.clio.com/api/v4/matters'),
      }),
      {},
    ),
  }),
  v.transform(({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout })),
);

export const cache = v.strictObject({
  password: v.optional(secretReference, { env: 'REDIS_PASSWORD' }),
  deadLetterPrefix: v.optional(v.pipe(v.string(), v.minLength(1)), 'hermes:dlq'),
});

/** The proxy’s own facts, which certificates and scaling need. */
export const proxy = v.strictObject({
  upstream: v.optional(v.string(), 'hermes_api'),
  httpPort: v.optional(v.pipe(v.number(), v.integer()), 80),
  httpsPort: v.optional(v.pipe(v.number(), v.integer()), 443),
  webroot: path('/var/www/certbot'),
});
