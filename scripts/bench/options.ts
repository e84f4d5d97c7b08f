/** What is measured, as the script's command line says; it reaches the tests in an environment variable. */
export interface BenchOptions {
  /** Matters in the database; the other tables are in proportion. */
  rows: number;
  /** How often each way is measured; the two ways take turns. */
  rounds: number;
  /** What customers ask meanwhile. */
  requestsPerSecond: number;
  /** One Comparison a line, as JSON. */
  resultsFile: string;
}

const variable = 'HERMES_OPS_BENCH';

export function benchVariables(options: BenchOptions): Record<string, string> {
  return { [variable]: JSON.stringify(options) };
}

/** Throws where the tests were not started by the script. */
export function readBenchOptions(variables: NodeJS.ProcessEnv): BenchOptions {
  const text = variables[variable];
  if (text === undefined) throw new Error('Start the benches by their script: npm run bench');
  const options: BenchOptions = JSON.parse(text);
  return options;
}
