import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot } from '../project.ts';
import { answers } from '../sandbox/command.ts';
import { contentHash } from '../sandbox/images.ts';
import type { Log } from '../show.ts';
import { buildImage } from './build-image.ts';
import { ensureNodeBase } from './node-base.ts';

/** What .dockerignore lets through, and the Dockerfile itself. */
const sources = [
  'Dockerfile',
  'LICENSE',
  'package.json',
  'package-lock.json',
  '.npmrc',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/bootstrap.mjs',
  'scripts/build.ts',
  'scripts/build-workflows.ts',
  'scripts/project.ts',
  'scripts/show.ts',
  'deploy/authorities',
  'src',
];

/**
 * Makes sure of the worker's image and returns its name. Its tag is the hash of what it is built from, so a build
 * happens only when something changed. Throws with the end of the build's output when it fails.
 */
export async function ensureWorkerImage({ log }: { log: Log }): Promise<string> {
  const base = await ensureNodeBase(log);
  const image = `hermes-ops-worker:${await tagOf(base)}`;
  if (await answers('docker', ['image', 'inspect', image])) return image;
  const context = await mkdtemp(join(tmpdir(), 'hermes-ops-image-'));
  try {
    await copySources(context);
    await buildImage({ image, context, log, buildArgs: { NODE_BASE: base } });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  return image;
}

async function tagOf(base: string): Promise<string> {
  const content = await contentHash(sources.map((source) => join(projectRoot, source)));
  return createHash('sha256').update(`${base}\0${content}`).digest('hex').slice(0, 12);
}

/** A folder of its own, so that an authority of this machine can be put beside the sources and never into them. */
async function copySources(context: string): Promise<void> {
  for (const source of sources) {
    await mkdir(dirname(join(context, source)), { recursive: true });
    await cp(join(projectRoot, source), join(context, source), { recursive: true });
  }
  const authority = process.env['NODE_EXTRA_CA_CERTS'];
  if (authority !== undefined && authority !== '')
    await cp(authority, join(context, 'deploy', 'authorities', 'extra.pem'), { dereference: true });
}
