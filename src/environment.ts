import { resolve } from 'node:path';

/** Every environment variable that hermes-ops reads, in one place. Temporal's own (TEMPORAL_ADDRESS, …) are its SDK's. */
export interface Environment {
  /** HERMES_STACK_FILE */
  stackFile: string;
  /** HERMES_STATE_DIR: the embedded Temporal's database, tools, records, notices. */
  stateDirectory: string;
  /** METRICS_ADDRESS: where the worker serves Prometheus metrics; undefined for `off`. */
  metricsAddress: string | undefined;
  /** TEMPORAL_CLI_PATH: the `temporal` binary to use for the embedded server. */
  temporalCliPath: string | undefined;
  /** TEMPORAL_TEST_SERVER_PATH: the time-skipping server, for tests. */
  temporalTestServerPath: string | undefined;
  /** CHROMIUM_PATH, for tests. */
  chromiumPath: string | undefined;
  logLevel: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  /** Who runs the command: USER, as the default of `--by`. */
  user: string | undefined;
  ci: boolean;
  /** A variable that the stack file names for a secret. */
  variable(name: string): string | undefined;
}

const logLevels = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

/** Reads and checks the environment; an empty variable counts as not set. Throws an Error that names the variable, what came and what is expected. */
export function readEnvironment(source: NodeJS.ProcessEnv = process.env): Environment {
  const level = (given(source['LOG_LEVEL']) ?? 'INFO').toUpperCase();
  const logLevel = logLevels.find((known) => known === level);
  if (logLevel === undefined)
    throw new Error(`LOG_LEVEL is ${level}: expected one of ${logLevels.join(', ')}`);
  return {
    stackFile: resolve(given(source['HERMES_STACK_FILE']) ?? 'hermes.yaml'),
    stateDirectory: resolve(given(source['HERMES_STATE_DIR']) ?? '.state'),
    metricsAddress: metricsAddress(given(source['METRICS_ADDRESS']) ?? '127.0.0.1:9464'),
    temporalCliPath: given(source['TEMPORAL_CLI_PATH']),
    temporalTestServerPath: given(source['TEMPORAL_TEST_SERVER_PATH']),
    chromiumPath: given(source['CHROMIUM_PATH']),
    logLevel,
    user: given(source['USER']),
    ci: !['false', '0'].includes(given(source['CI']) ?? 'false'),
    variable: (name) => source[name],
  };
}

function given(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}

function metricsAddress(value: string): string | undefined {
  if (value === 'off') return undefined;
  const [, port] = /^(?:[^\s:]+|\[[\da-fA-F:.]+\]):(\d{1,5})$/.exec(value) ?? [];
  if (port !== undefined && Number(port) <= 65_535) return value;
  throw new Error(`METRICS_ADDRESS is ${value}: expected HOST:PORT, or off`);
}
