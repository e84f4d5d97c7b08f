import { join } from 'node:path';
import type { Environment } from '../environment.ts';
import { ensureTemporalCli } from '../temporal/cli.ts';
import { resolveTemporal } from '../temporal/connect.ts';
import { type DevServer, startDevServer } from '../temporal/dev-server.ts';
import { embeddedDatabaseFile, type LocatedTemporal, locateTemporal } from '../temporal/locate.ts';

/** Starts the embedded Temporal server of this state directory, or finds it running. */
export async function startEmbeddedServer(
  environment: Environment,
  log: (line: string) => void,
  namespace = 'default',
): Promise<DevServer> {
  const { stateDirectory, temporalCliPath } = environment;
  const { path } = await ensureTemporalCli({ stateDirectory, chosenPath: temporalCliPath, log });
  return startDevServer({
    cliPath: path,
    databaseFile: embeddedDatabaseFile(stateDirectory),
    logFile: join(stateDirectory, 'temporal', 'server.log'),
    log,
    namespace,
  });
}

/** The Temporal server to use; the embedded one is started where none is configured. */
export async function locateOrStart(
  environment: Environment,
  variables: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<LocatedTemporal> {
  const located = await locateTemporal(environment.stateDirectory, variables);
  if (located !== undefined) return located;
  const { address, namespace, uiUrl } = await startEmbeddedServer(
    environment,
    log,
    resolveTemporal(variables).namespace,
  );
  return { connectionOptions: { address }, namespace, uiUrl };
}
