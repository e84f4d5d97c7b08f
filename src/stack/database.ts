import * as v from 'valibot';
import { hostFolder, port, text, wholeNumber } from './field.ts';
import { databaseName } from './names.ts';
import { duration, size } from './quantity.ts';
import { secretReference } from './secrets.ts';

/** The database: the compose service's container, or `host` for one outside (Supabase). */
export const database = v.pipe(
  v.strictObject({
    host: v.optional(
      text(
        'The address of a database outside the compose project. Left out, the service `database` is used.',
      ),
    ),
    port: v.optional(port('The port of PostgreSQL.'), 5432),
    name: v.optional(
      v.pipe(databaseName, v.description('The live database: what is backed up, restored and swapped.')),
      'hermes_production',
    ),
    user: v.optional(
      text('The role to connect as. It needs CREATEDB, and superuser to end a superuser’s sessions.'),
      'postgres',
    ),
    password: v.optional(
      v.pipe(secretReference, v.description('Where the role’s password is: {env: NAME} or {file: PATH}.')),
      { env: 'POSTGRES_PASSWORD' },
    ),
    maintenanceDatabase: v.optional(
      v.pipe(
        databaseName,
        v.description('Another database of the server, to hold locks and to rename from.'),
      ),
      'postgres',
    ),
    keyTables: v.optional(
      v.pipe(
        v.array(text('A table with its schema.')),
        v.description('The tables whose row counts people want to see first. All others are counted too.'),
      ),
      ['public.matters'],
    ),
    tls: v.optional(
      v.pipe(
        v.picklist(['disable', 'require', 'verify-full']),
        v.description('TLS to the database. verify-full also checks its certificate and its name.'),
      ),
      'disable',
    ),
    caFile: v.optional(text('The CA that signed the database’s certificate, a PEM file.')),
    toolsImage: v.optional(
      text('An image with pg_dump and pg_restore of the server’s version. Needed where host is given.'),
    ),
  }),
  v.description('The connection, the name and the tables that matter most.'),
  v.forward(
    v.check(
      ({ host, toolsImage }) => host === undefined || toolsImage !== undefined,
      'an image with pg_dump and pg_restore of the server’s version, since host is given',
    ),
    ['toolsImage'],
  ),
);

const jobs = (about: string) => wholeNumber(about, 1, 16);

export const backups = v.pipe(
  v.strictObject({
    directory: v.optional(
      hostFolder(
        'The folder for backups on the Docker host. A worker in a container mounts it at the same path.',
      ),
      '/var/backups/hermes',
    ),
    keepDays: v.optional(wholeNumber('Older backups are removed after a good new one.', 1, 3650), 14),
    keepAtLeast: v.optional(wholeNumber('So many stay, however old they are.', 1, 1000), 3),
    parallelJobs: v.optional(jobs('Tables that are dumped at the same time.'), 2),
    compressionLevel: v.optional(
      wholeNumber('gzip: 0 is none, 9 the slowest. 1 costs half the time of 6, and 8 % more space.', 0, 9),
      1,
    ),
    minimumFreeSpace: v.optional(size('What must stay free on the disk beside the backup itself.'), '2GiB'),
  }),
  v.description('Where backups go and how long they stay.'),
  v.transform(({ minimumFreeSpace, ...rest }) => ({ ...rest, minimumFreeBytes: minimumFreeSpace })),
);

export const restore = v.pipe(
  v.strictObject({
    undoWindow: v.optional(
      duration('How long the old database is kept and one signal undoes the restore.'),
      '24h',
    ),
    keepUndoneFor: v.optional(
      duration('How long what was written after the swap is kept once a restore was undone.'),
      '7d',
    ),
    fence: v.optional(
      v.pipe(
        v.picklist(['none', 'read-only', 'stop']),
        v.description(
          'What happens to writes while a restore runs: none (they go on, and stay in the old database only), read-only, or stop (the api is stopped).',
        ),
      ),
      'none',
    ),
    parallelJobs: v.optional(jobs('Tables and indexes that are restored at the same time.'), 2),
    reconnectWithin: v.optional(
      duration('An api that has not reconnected by then after a swap is restarted.'),
      '20s',
    ),
  }),
  v.description('How a restore goes about it, and how long it can be undone.'),
  v.transform(({ undoWindow, keepUndoneFor, reconnectWithin, ...rest }) => ({
    ...rest,
    undoWindowMs: undoWindow,
    keepUndoneForMs: keepUndoneFor,
    reconnectWithinMs: reconnectWithin,
  })),
);
