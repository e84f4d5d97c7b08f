import { join } from 'node:path';
import { resolveTemporal, type TemporalConnectionOptions } from './connect.ts';
import { isRunningWith, readServerRecord } from './server-record.ts';

/** Where a Temporal server is that answers, or should. */
export interface LocatedTemporal {
  connectionOptions: TemporalConnectionOptions;
  namespace: string;
  /** Known for the embedded server only. */
  uiUrl?: string;
}

/** The embedded server's database, which also tells one embedded server from another. */
export function embeddedDatabaseFile(stateDirectory: string): string {
  return join(stateDirectory, 'temporal', 'temporal.db');
}

/**
 * The Temporal that the settings name, else the embedded server that runs for this state directory; undefined where
 * neither is there.
 */
export async function locateTemporal(
  stateDirectory: string,
  environment: NodeJS.ProcessEnv,
): Promise<LocatedTemporal | undefined> {
  const target = resolveTemporal(environment);
  if (target.kind === 'configured') return target;
  const databaseFile = embeddedDatabaseFile(stateDirectory);
  const record = await readServerRecord(databaseFile);
  if (record === undefined || !(await isRunningWith(record.pid, databaseFile))) return undefined;
  const { address, uiUrl } = record;
  return { connectionOptions: { address }, namespace: record.namespace, uiUrl };
}
