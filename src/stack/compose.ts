import * as v from 'valibot';
import { port, wholeNumber, yesOrNo } from './field.ts';
import { serviceName } from './names.ts';
import { duration, size } from './quantity.ts';

const replicas = (maximum: number) =>
  v.pipe(
    v.strictObject({
      minimum: v.optional(wholeNumber('Never fewer containers than this.', 1, 100), 1),
      maximum: v.optional(wholeNumber('Never more containers than this.', 1, 100), maximum),
    }),
    v.forward(
      v.check((bounds) => bounds.minimum <= bounds.maximum, 'a number not below minimum'),
      ['maximum'],
    ),
    v.description('How many containers of the service there may be.'),
  );

const limits = v.pipe(
  v.strictObject({
    cpus: v.optional(
      v.pipe(
        v.number(),
        v.minValue(0.1, 'a number from 0.1 to 512'),
        v.maxValue(512, 'a number from 0.1 to 512'),
        v.description('CPUs that one container may use.'),
      ),
      2,
    ),
    memory: v.optional(size('Memory that one container may use.'), '4GiB'),
  }),
  v.description('The largest limits that a resize may set for one container.'),
  v.transform(({ cpus, memory }) => ({ cpus, memoryBytes: memory })),
);

interface ServiceDefaults {
  service: string;
  port: number;
  stateful: boolean;
  mostReplicas: number;
  stopGrace: string;
}

/** A service of the compose project and what may be done with it. */
const service = (about: string, defaults: ServiceDefaults) =>
  v.optional(
    v.pipe(
      v.strictObject({
        service: v.optional(
          v.pipe(serviceName, v.description('Its name in the compose file.')),
          defaults.service,
        ),
        port: v.optional(port('The port that it listens on inside its container.'), defaults.port),
        stateful: v.optional(
          yesOrNo('It keeps data: it is never copied, and restarted only when a person said so.'),
          defaults.stateful,
        ),
        stopGrace: v.optional(
          duration('How long it may take to stop before it is killed.'),
          defaults.stopGrace,
        ),
        startWithin: v.optional(
          duration('How long a start may take until it answers.', { shortestMs: 1000 }),
          '120s',
        ),
        replicas: v.optional(replicas(defaults.mostReplicas), {}),
        limits: v.optional(limits, {}),
      }),
      v.description(about),
      v.transform(({ stopGrace, startWithin, ...rest }) => ({
        ...rest,
        stopGraceMs: stopGrace,
        startWithinMs: startWithin,
      })),
    ),
    {},
  );

/** The compose project, and which of its services plays which role. Found by compose's labels, never by name. */
export const compose = v.pipe(
  v.strictObject({
    project: v.optional(
      v.pipe(
        serviceName,
        v.description('The project as compose labels its containers: often the folder’s name.'),
      ),
      'hermes',
    ),
    services: v.optional(
      v.pipe(
        v.strictObject({
          api: service('What customers talk to.', {
            service: 'api',
            port: 8000,
            stateful: false,
            mostReplicas: 4,
            stopGrace: '10s',
          }),
          database: service('PostgreSQL.', {
            service: 'postgres',
            port: 5432,
            stateful: true,
            mostReplicas: 1,
            stopGrace: '60s',
          }),
          cache: service('Redis.', {
            service: 'redis',
            port: 6379,
            stateful: true,
            mostReplicas: 1,
            stopGrace: '30s',
          }),
          proxy: service('nginx.', {
            service: 'nginx',
            port: 443,
            stateful: false,
            mostReplicas: 1,
            stopGrace: '10s',
          }),
        }),
        v.description('Which service of the project plays which role.'),
      ),
      {},
    ),
  }),
  v.description('The docker-compose project and the roles of its services.'),
);

export type Role = keyof v.InferOutput<typeof compose>['services'];
