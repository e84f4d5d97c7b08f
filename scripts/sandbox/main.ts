#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander';
import { readEnvironment } from '../../src/environment.ts';
import { query } from './database.ts';
import { clearFaults, makeDeadLetters, parseFault, readFaults, setFaults } from './faults.ts';
import { usualPorts } from './ports.ts';
import { projectContainers } from './project.ts';
import { findSandbox, reseedSandbox, type Sandbox, startSandbox, stopSandbox } from './sandbox.ts';

const { stateDirectory } = readEnvironment();
const progress = (line: string) => process.stderr.write(`${line}\n`);
const print = (line: string) => process.stdout.write(`${line}\n`);

interface ProjectOptions {
  project: string;
}

interface StartCommandOptions extends ProjectOptions {
  rows: number;
  apiPort: number;
  httpPort: number;
  httpsPort: number;
  authority?: boolean;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return Number(text);
}

async function start(options: StartCommandOptions): Promise<void> {
  const ports = { api: options.apiPort, http: options.httpPort, https: options.httpsPort };
  const { project, rows, authority = false } = options;
  const sandbox = await startSandbox({ stateDirectory, project, ports, rows, authority, log: progress });
  describe(sandbox);
}

function describe(sandbox: Sandbox): void {
  const { authority, baseUrl, serverName, ports } = sandbox;
  // What is ordered there does not cover localhost.
  print(`customers   ${authority === undefined ? baseUrl : `https://${serverName}:${ports.https}`}`);
  print(`api         ${sandbox.apiUrl}`);
  print(`trust       ${sandbox.caFile}`);
  if (authority !== undefined) print(`authority   ${authority.container}, ${authority.directoryUrl}`);
  print(`secrets     ${sandbox.envFile}`);
}

async function status({ project }: ProjectOptions): Promise<void> {
  const sandbox = await findSandbox({ stateDirectory, project });
  describe(sandbox);
  for (const { name, status: state } of await projectContainers(project))
    print(`${name.padEnd(28)} ${state}`);
  print(`matters     ${await query(sandbox.containers.postgres, 'SELECT count(*) FROM matters')}`);
  print(`faults      ${JSON.stringify(await readFaults(sandbox))}`);
}

async function seedAgain({ project, rows }: ProjectOptions & { rows: number }): Promise<void> {
  progress(`Making the database of ${project} anew with ${rows} matters`);
  await reseedSandbox(await findSandbox({ stateDirectory, project }), rows);
}

interface FaultCommandOptions extends ProjectOptions {
  clear?: boolean;
  afterRestart?: boolean;
  deadLetters?: number;
}

async function faults(given: string[], options: FaultCommandOptions): Promise<void> {
  const sandbox = await findSandbox({ stateDirectory, project: options.project });
  if (options.clear === true) await clearFaults(sandbox);
  if (options.deadLetters !== undefined) await makeDeadLetters(sandbox, options.deadLetters);
  if (given.length > 0) {
    const wanted = Object.assign({}, ...given.map((text) => parseFault(text)));
    const { seenBy, workers } = await setFaults(
      sandbox,
      wanted,
      options.afterRestart === undefined ? {} : { curedByRestart: !options.afterRestart },
    );
    progress(`${seenBy} of ${workers} workers have seen it`);
  }
  print(JSON.stringify(await readFaults(sandbox), undefined, 2));
}

const program = new Command('sandbox').description('A small HERMES in containers, with faults to switch on.');
const command = (name: string, text: string) =>
  program.command(name).description(text).option('--project <name>', 'the compose project', 'hermes');

command(
  'start',
  'Build what is missing, start it, fill an empty database, wait until customers are answered.',
)
  .option('--rows <count>', 'matters of an empty database', wholeNumber, 50_000)
  .option('--api-port <port>', 'the api on this machine', wholeNumber, usualPorts.api)
  .option('--http-port <port>', 'nginx on this machine', wholeNumber, usualPorts.http)
  .option('--https-port <port>', 'nginx with TLS on this machine', wholeNumber, usualPorts.https)
  .option('--authority', 'with a certificate authority that certificates can be ordered from')
  .action(start);
command('stop', 'Remove it with its data and files.').action(({ project }: ProjectOptions) =>
  stopSandbox({ stateDirectory, project }),
);
command('seed', 'Throw its database away and make it anew.')
  .requiredOption('--rows <count>', 'matters', wholeNumber)
  .action(seedAgain);
command('status', 'Show where it answers, its containers, rows and faults.').action(status);
command('faults', 'Switch faults on (errorRate=0.2 clio=down) and off (clio=), or show them.')
  .argument('[name=value...]', 'faults; sandbox/README.md lists them')
  .option('--clear', 'switch all off first')
  .option('--after-restart', 'they come back after a restart')
  .option('--no-after-restart', 'a restart cures them')
  .option('--dead-letters <count>', 'put that many dead letters in', wholeNumber)
  .action(faults);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
