import type { Environment } from '../../src/environment.ts';
import {
  ensureTemporalCli,
  ensureTemporalTestServer,
  type Tool,
  type ToolOptions,
} from '../../src/temporal/cli.ts';
import type { Log } from '../show.ts';
import { installPackages } from './apt.ts';

/** Temporal's command line with its development server, wherever it can be had. */
export function setUpTemporalCli(environment: Environment, log: Log): Promise<Tool> {
  return ensureTemporalCli({ ...optionsFor(environment, log), chosenPath: environment.temporalCliPath });
}

/** The server that skips time, for the tests. */
export function setUpTemporalTestServer(environment: Environment, log: Log): Promise<Tool> {
  return ensureTemporalTestServer({
    ...optionsFor(environment, log),
    chosenPath: environment.temporalTestServerPath,
  });
}

function optionsFor({ stateDirectory }: Environment, log: Log): ToolOptions {
  return { stateDirectory, log, installPip: () => installPackages(['python3-pip', 'ca-certificates'], log) };
}
