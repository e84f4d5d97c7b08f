import * as v from 'valibot';
import { amount, note, share } from './field.ts';
import { duration } from './quantity.ts';

export const severityNames = ['P0', 'P1', 'P2', 'P3'] as const;
export const severity = v.picklist(severityNames, 'P0, P1, P2 or P3');
export type Severity = (typeof severityNames)[number];

const level = (responseTime: string, definition: string) =>
  v.optional(
    v.pipe(
      v.strictObject({
        responseTime: v.optional(
          duration('Somebody must have taken it by then.', { shortestMs: 1 }),
          responseTime,
        ),
        definition: v.optional(note('What is meant by it.'), definition),
      }),
      v.description(definition),
      v.transform(({ responseTime: responseTimeMs, ...rest }) => ({ ...rest, responseTimeMs })),
    ),
    {},
  );

/** Runbook: Incident Severity Levels. */
export const severities = v.pipe(
  v.strictObject({
    P0: level('15m', 'Complete outage, data loss risk'),
    P1: level('1h', 'Major degradation, customer impact'),
    P2: level('4h', 'Partial degradation, limited impact'),
    P3: level('24h', 'Minor issue, no customer impact'),
  }),
  v.description('Response times. Runbook: Incident Severity Levels.'),
);

interface Bounds {
  target: number;
  alert: number;
  priority: Severity;
}

/** `value` tells a share of 1 from an amount: 10 for a share would be a percentage, and never be reached. */
const threshold = (
  about: string,
  value: (about: string) => v.GenericSchema<number>,
  { target, alert, priority }: Bounds,
) =>
  v.optional(
    v.pipe(
      v.strictObject({
        target: v.optional(value('Where it should be.'), target),
        alert: v.optional(value('Where it becomes an incident.'), alert),
        priority: v.optional(v.pipe(severity, v.description('The severity of that incident.')), priority),
      }),
      v.description(about),
    ),
    {},
  );

/** Runbook: Key Metrics to Monitor. Shares are fractions of 1. */
export const thresholds = v.pipe(
  v.strictObject({
    voiceLatencyP95Ms: threshold('Voice pipeline, p95, in milliseconds: alert above.', amount, {
      target: 500,
      alert: 1000,
      priority: 'P1',
    }),
    errorRate: threshold('Share of requests that fail: alert above.', share, {
      target: 0.001,
      alert: 0.01,
      priority: 'P1',
    }),
    uptime: threshold('Share of the time that the api answers: alert below.', share, {
      target: 0.999,
      alert: 0.995,
      priority: 'P0',
    }),
    databaseConnections: threshold('Share of the connections in use: alert above.', share, {
      target: 0.8,
      alert: 0.9,
      priority: 'P1',
    }),
    diskFree: threshold('Share of the disk that is free: alert below.', share, {
      target: 0.3,
      alert: 0.1,
      priority: 'P1',
    }),
    memoryUsed: threshold('Share of its memory limit that a container uses: alert above.', share, {
      target: 0.8,
      alert: 0.9,
      priority: 'P2',
    }),
    deadLettersCritical: threshold('Dead letters of priority critical: alert above.', amount, {
      target: 0,
      alert: 10,
      priority: 'P2',
    }),
  }),
  v.description('What counts as trouble. Runbook: Key Metrics to Monitor.'),
);
