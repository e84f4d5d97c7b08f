import * as v from 'valibot';
import { duration } from './quantity.ts';

export const severityNames = ['P0', 'P1', 'P2', 'P3'] as const;
export const severity = v.picklist(severityNames, 'P0, P1, P2 or P3');
export type Severity = (typeof severityNames)[number];

const level = (responseTime: string, definition: string) =>
  v.optional(
    v.pipe(
      v.strictObject({
        responseTime: v.optional(duration, responseTime),
        definition: v.optional(v.string(), definition),
      }),
      v.transform(({ responseTime: responseTimeMs, ...rest }) => ({ ...rest, responseTimeMs })),
    ),
    {},
  );

/** Runbook: Incident Severity Levels. */
export const severities = v.strictObject({
  P0: level('15m', 'Complete outage, data loss risk'),
  P1: level('1h', 'Major degradation, customer impact'),
  P2: level('4h', 'Partial degradation, limited impact'),
  P3: level('24h', 'Minor issue, no customer impact'),
});

const threshold = (target: number, alert: number, priority: Severity) =>
  v.optional(
    v.strictObject({
      target: v.optional(v.number(), target),
      alert: v.optional(v.number(), alert),
      priority: v.optional(severity, priority),
    }),
    {},
  );

/** Runbook: Key Metrics to Monitor. Shares are fractions of 1. */
export const thresholds = v.strictObject({
  voiceLatencyP95Ms: threshold(500, 1000, 'P1'),
  errorRate: threshold(0.001, 0.01, 'P1'),
  uptime: threshold(0.999, 0.995, 'P0'),
  databaseConnections: threshold(0.8, 0.9, 'P1'),
  diskFree: threshold(0.3, 0.1, 'P1'),
  memoryUsed: threshold(0.8, 0.9, 'P2'),
  deadLettersCritical: threshold(0, 10, 'P2'),
});
