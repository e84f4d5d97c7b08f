import * as v from 'valibot';

const status = v.picklist(['healthy', 'degraded', 'unhealthy', 'unknown']);
const component = v.object({
  component: v.string(),
  status,
  latency_ms: v.number(),
  message: v.string(),
  details: v.record(v.string(), v.number()),
  timestamp: v.number(),
});
const latencies = v.object({ mean_ms: v.number(), p95_ms: v.number() });
const stage = v.object({ stage: v.string(), count: v.number(), ...latencies.entries, p99_ms: v.number() });
export const sla = v.object({
  sla_status: v.picklist(['COMPLIANT', 'BREACH']),
  summary: v.object({ total_requests: v.number(), error_rate: v.number(), uptime_percentage: v.number() }),
  latency_targets: v.object({
    p95_target_ms: v.number(),
    p95_actual_ms: v.number(),
    p95_compliant: v.boolean(),
  }),
  stage_breakdown: v.object({ stt: latencies, llm: latencies, tts: latencies, total: latencies }),
  error_breakdown: v.record(v.string(), v.number()),
});
const priorities = v.object({ critical: v.number(), high: v.number(), medium: v.number(), low: v.number() });

/** What each route that is asked answers with. */
export const shapes: [string, v.GenericSchema][] = [
  ['/health', v.object({ status, timestamp: v.number(), components: v.record(v.string(), status) })],
  [
    '/health/detailed',
    v.object({ status, components: v.array(component), summary: v.object({ unknown: v.number() }) }),
  ],
  ['/api/v1/health/integrations', v.object({ components: v.array(component) })],
  ['/api/v1/monitoring/sla-compliance', sla],
  [
    '/api/v1/monitoring/performance',
    v.object({
      timestamp: v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT[\d:.]+$/, 'no zone: as HERMES has it')),
      global_stats: v.record(v.string(), stage),
      sla_compliance: sla,
      recent_measurements: v.array(
        v.object({ stage: v.string(), tenant_id: v.string(), success: v.boolean() }),
      ),
      active_tenants: v.number(),
    }),
  ],
  ['/api/v1/monitoring/performance-by-tenant', v.record(v.string(), v.record(v.string(), stage))],
  [
    '/api/v1/monitoring/database-stats',
    v.object({
      connection_metrics: v.object({ active_connections: v.number(), idle_connections: v.literal(0) }),
      query_metrics: v.object({ total_queries: v.number(), error_count: v.number() }),
      redis_status: v.literal('connected'),
    }),
  ],
  [
    '/api/v1/dlq/stats',
    v.object({
      total_messages: v.number(),
      by_priority: priorities,
      requires_attention: v.number(),
      health_status: v.picklist(['OK', 'WARNING', 'CRITICAL']),
    }),
  ],
  [
    '/api/v1/dlq/list?message_type=clio_matter',
    v.object({ messages: v.array(v.unknown()), total: v.number() }),
  ],
  [
    '/api/v1/matters?limit=2',
    v.object({ matters: v.array(v.object({ reference: v.string() })), count: v.literal(2) }),
  ],
  ['/api/v1/work?ms=5', v.object({ worked_ms: v.literal(5) })],
  [
    '/_sandbox/outside/openai-status/api/v2/status.json',
    v.object({ status: v.object({ indicator: v.string() }) }),
  ],
  ['/_sandbox/outside/clio/api/v4/matters', v.object({ data: v.array(v.unknown()) })],
];
