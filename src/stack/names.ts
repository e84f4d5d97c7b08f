import * as v from 'valibot';

/** PostgreSQL cuts longer names without an error. */
export const maxDatabaseNameBytes = 63;

export const stackName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9-]{0,30}$/,
    'a name of 1 to 31 characters: lower-case letters, digits and dashes, a letter first',
  ),
);

export const serviceName = v.pipe(
  v.string(),
  v.regex(
    /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/,
    'a docker-compose name: letters, digits, dots, dashes, underscores',
  ),
);

/** Any name that PostgreSQL allows: quotes and semicolons are the driver's to quote. */
export const databaseName = v.pipe(
  v.string(),
  v.minLength(1, 'a database name'),
  v.check((name) => !name.includes('\0'), 'a name without NUL characters'),
  v.check(
    (name) => new TextEncoder().encode(name).length <= maxDatabaseNameBytes,
    `a name of at most ${maxDatabaseNameBytes} bytes`,
  ),
);

const backupIdPattern = /^[a-z0-9][a-z0-9._-]{0,80}$/;

/** Whether this can be a backup's id, and so the name of its folder: no separators, no way out of the directory. */
export function isBackupId(text: string): boolean {
  return backupIdPattern.test(text) && !text.includes('..');
}
