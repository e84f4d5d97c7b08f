import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { baseImage, ensureBaseImage } from './base-image.ts';
import { answers, CommandFailed, run } from './command.ts';
import { sandboxSources } from './folders.ts';
import type { Log } from '../show.ts';

const services = ['api', 'postgres', 'redis', 'nginx'] as const;
/** Only of a sandbox that has a certificate authority of its own. */
const authorityParts = ['authority', 'certbot'] as const;
/** Only of a test that proves names by the DNS: bind9, and a certbot with the plugin that updates it. */
const dnsParts = ['dns', 'certbot-dns'] as const;
const buildsAtOnce = 2;
const tagLength = 12;

export type SandboxService = (typeof services)[number];
export type SandboxImages = Record<SandboxService, string>;
export type AuthorityImages = Record<(typeof authorityParts)[number], string>;
export type DnsImages = Record<(typeof dnsParts)[number], string>;
type Part = SandboxService | keyof AuthorityImages | keyof DnsImages;

export interface EnsureImagesOptions {
  log?: Log;
}

/**
 * Makes sure of the sandbox's images and returns their names. A tag is the hash of what the image is built from, so a
 * build happens only when something changed. Throws with the end of the build's output when one fails.
 */
export async function ensureImages({
  log = () => undefined,
}: EnsureImagesOptions = {}): Promise<SandboxImages> {
  const images = await imageNames();
  await ensureBuilt(services, images, log);
  return images;
}

/** The same for the certificate authority, and for the certbot that orders from it. */
export async function ensureAuthorityImages({
  log = () => undefined,
}: EnsureImagesOptions = {}): Promise<AuthorityImages> {
  const [authority, certbot] = await Promise.all(authorityParts.map((part) => imageName(part)));
  if (!authority || !certbot) throw new Error('An image of the authority has no name.');
  const images = { authority, certbot };
  await ensureBuilt(authorityParts, images, log);
  return images;
}

/** The same for the DNS server, and for the certbot that puts challenges into it. */
export async function ensureDnsImages({
  log = () => undefined,
}: EnsureImagesOptions = {}): Promise<DnsImages> {
  const [dns, certbot] = await Promise.all(dnsParts.map((part) => imageName(part)));
  if (!dns || !certbot) throw new Error('An image of the DNS has no name.');
  const images = { dns, 'certbot-dns': certbot };
  await ensureBuilt(dnsParts, images, log);
  return images;
}

async function ensureBuilt<Name extends Part>(
  parts: readonly Name[],
  images: Record<Name, string>,
  log: Log,
): Promise<void> {
  const missing: Name[] = [];
  for (const part of parts) {
    if (!(await answers('docker', ['image', 'inspect', images[part]]))) missing.push(part);
  }
  if (missing.length === 0) return;
  await ensureBaseImage(log);
  const waiting = missing.values();
  await Promise.all(
    Array.from({ length: buildsAtOnce }, async () => {
      for (const part of waiting) await build(part, images[part], log);
    }),
  );
}

/** The names that the images have, built or not. */
export async function imageNames(): Promise<SandboxImages> {
  const [api, postgres, redis, nginx] = await Promise.all(services.map((service) => imageName(service)));
  if (!api || !postgres || !redis || !nginx) throw new Error('An image of the sandbox has no name.');
  return { api, postgres, redis, nginx };
}

async function imageName(service: Part): Promise<string> {
  const { context, dockerfile } = buildOf(service);
  return `hermes-sandbox-${service}:${await contentHash([context, dockerfile])}`;
}

function buildOf(service: Part): { context: string; dockerfile: string } {
  const sources = sandboxSources;
  const folder = join(sources, 'images', service);
  return {
    context: service === 'api' ? join(sources, 'api') : folder,
    dockerfile: join(folder, 'Dockerfile'),
  };
}

/** One hash over the names and contents of files and folders. What Python leaves behind does not count. */
export async function contentHash(paths: string[]): Promise<string> {
  const hash = createHash('sha256').update(baseImage);
  for (const path of paths) {
    for (const { name, file } of await filesIn(path)) {
      const content = await readFile(file);
      hash.update(`\0${name}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex').slice(0, tagLength);
}

async function filesIn(path: string, name = ''): Promise<{ name: string; file: string }[]> {
  if (!(await stat(path)).isDirectory()) return [{ name, file: path }];
  const found: { name: string; file: string }[] = [];
  for (const entry of (await readdir(path)).toSorted()) {
    if (entry !== '__pycache__') found.push(...(await filesIn(join(path, entry), `${name}/${entry}`)));
  }
  return found;
}

async function build(service: Part, image: string, log: Log): Promise<void> {
  log(`Building ${image}`);
  const { context, dockerfile } = buildOf(service);
  const args = ['build', '--force-rm', '--tag', image, '--file', dockerfile, context];
  const said: string[] = [];
  const onLine = (line: string) => {
    said.push(line);
    if (/^(Step \d|#\d+ \[)/.test(line)) log(`${service}: ${line.slice(0, 100)}`);
  };
  // Where containers have no network of their own, the build uses the host's.
  for (const network of [[], ['--network', 'host']]) {
    try {
      await run('docker', [...args.slice(0, 1), ...network, ...args.slice(1)], {
        env: { BUILDKIT_PROGRESS: 'plain' },
        onLine,
      });
      log(`Built ${image}`);
      return;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      if (
        network.length === 0 &&
        said.some((line) =>
          /Temporary failure|Could not (resolve|connect)|failed to create endpoint/.test(line),
        )
      )
        continue;
      throw new Error(`Building ${image} failed; nothing was started.\n${said.slice(-20).join('\n')}`, {
        cause: error,
      });
    }
  }
}
