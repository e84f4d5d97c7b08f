import * as v from 'valibot';
import { serviceName } from './names.ts';
import { duration, size } from './quantity.ts';

const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100));

/** A service of the compose project and what may be done with it. */
const service = (defaults: { service: string; port: number; stateful: boolean; stopGrace: string }) =>
  v.optional(
    v.pipe(
      v.strictObject({
        service: v.optional(serviceName, defaults.service),
        port: v.optional(port, defaults.port),
        stateful: v.optional(v.boolean(), defaults.stateful),
        stopGrace: v.optional(duration, defaults.stopGrace),
        startWithin: v.optional(duration, '120s'),
        replicas: v.optional(
          v.strictObject({
            minimum: v.optional(count, 1),
            maximum: v.optional(count, defaults.stateful ? 1 : 4),
          }),
          {},
        ),
        limits: v.optional(
          v.pipe(
            v.strictObject({
              cpus: v.optional(v.pipe(v.number(), v.minValue(0.1)), 2),
              memory: v.optional(size, '4GiB'),
            }),
            v.transform(({ cpus, memory }) => ({ cpus, memoryBytes: memory })),
          ),
          {},
        ),
      }),
      v.transform(({ stopGrace, startWithin, ...rest }) => ({
        ...rest,
        stopGraceMs: stopGrace,
        startWithinMs: startWithin,
      })),
    ),
    {},
  );

/** The compose project, and which of its services plays which role. Found by compose's labels, never by name. */
export const compose = v.strictObject({
  project: v.optional(serviceName, 'hermes'),
  services: v.optional(
    v.strictObject({
      api: service({ service: 'api', port: 8000, stateful: false, stopGrace: '10s' }),
      database: service({ service: 'postgres', port: 5432, stateful: true, stopGrace: '60s' }),
      cache: service({ service: 'redis', port: 6379, stateful: true, stopGrace: '30s' }),
      proxy: service({ service: 'nginx', port: 443, stateful: false, stopGrace: '10s' }),
    }),
    {},
  ),
});

export type Role = keyof v.InferOutput<typeof compose>['services'];
