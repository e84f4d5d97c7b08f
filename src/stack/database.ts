import * as v from 'valibot';
import { databaseName } from './names.ts';
import { duration, size } from './quantity.ts';
import { secretReference } from './secrets.ts';

const jobs = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(16));

/** The database: the compose service's container, or `host` for one outside (Supabase). */
export const database = v.pipe(
  v.strictObject({
    host: v.optional(v.pipe(v.string(), v.minLength(1))),
    port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)), 5432),
    name: v.optional(databaseName, 'hermes_production'),
    user: v.optional(v.pipe(v.string(), v.minLength(1)), 'postgres'),
    password: v.optional(secretReference, { env: 'POSTGRES_PASSWORD' }),
    maintenanceDatabase: v.optional(databaseName, 'postgres'),
    keyTables: v.optional(v.array(v.pipe(v.string(), v.minLength(1))), ['public.matters']),
    tls: v.optional(v.picklist(['disable', 'require', 'verify-full']), 'disable'),
    caFile: v.optional(v.string()),
    toolsImage: v.optional(v.string()),
  }),
  v.check(
    ({ host, toolsImage }) => host === undefined || toolsImage !== undefined,
    'toolsImage too, where host is given: an image with pg_dump and pg_restore of the server’s version',
  ),
);

export const backups = v.pipe(
  v.strictObject({
    directory: v.optional(
      v.pipe(v.string(), v.startsWith('/', 'an absolute path of the Docker host')),
      '/var/backups/hermes',
    ),
    keepDays: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 14),
    keepAtLeast: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 3),
    parallelJobs: v.optional(jobs, 2),
    compressionLevel: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(9)), 1),
    minimumFreeSpace: v.optional(size, '2GiB'),
  }),
  v.transform(({ minimumFreeSpace, ...rest }) => ({ ...rest, minimumFreeBytes: minimumFreeSpace })),
);

export const restore = v.pipe(
  v.strictObject({
    undoWindow: v.optional(duration, '24h'),
    keepUndoneFor: v.optional(duration, '7d'),
    fence: v.optional(v.picklist(['none', 'read-only', 'stop']), 'none'),
    parallelJobs: v.optional(jobs, 2),
    reconnectWithin: v.optional(duration, '20s'),
  }),
  v.transform(({ undoWindow, keepUndoneFor, reconnectWithin, ...rest }) => ({
    ...rest,
    undoWindowMs: undoWindow,
    keepUndoneForMs: keepUndoneFor,
    reconnectWithinMs: reconnectWithin,
  })),
);
