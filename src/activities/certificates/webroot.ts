import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import * as v from 'valibot';
import { problem } from '../../problem.ts';
import { currentOwner, shortRunId } from '../owner.ts';
import { hostPath, mountOf, proxyMounts } from '../proxy/mounts.ts';
import type { Setting } from '../setting.ts';
import { ensureFolder, refusal } from './durable.ts';
import { askedName, listenerOf } from './served.ts';

const timeoutMs = 10_000;
const challengeFolder = '.well-known/acme-challenge';
const tokenPrefix = 'hermes-ops-';
const ownerSchema = v.object({ stack: v.string(), workflowId: v.string(), runId: v.string() });

/** The webroot on the Docker host. Throws CannotInstall where nginx has none that can be written from outside. */
export async function webrootOnHost(setting: Setting): Promise<string> {
  const { webroot } = setting.stack.proxy;
  const mount = mountOf(await proxyMounts(setting), webroot);
  if (mount !== undefined && mount.type !== 'tmpfs') return hostPath(mount, webroot);
  throw problem('CannotInstall', {
    what: `${webroot} in nginx's container is no mount: nobody could put a challenge there.`,
    state: 'Nothing was ordered.',
    next: `Mount a folder at ${webroot}, or choose another \`certificates.challenge\`: dns-01, or standalone with its outage.`,
  });
}

/**
 * Puts a token where the authority's challenge will be and fetches it as the authority does, so that an order is not
 * spent on a firewall. Throws ChallengeFailed with what came instead, CannotInstall where the webroot cannot be written.
 */
export async function tryChallenge(setting: Setting): Promise<{ hostnames: string[] }> {
  const { hostnames } = setting.stack.certificates;
  const owner = currentOwner(setting.stack.stack);
  const folder = join(await webrootOnHost(setting), challengeFolder);
  const name = `${tokenPrefix}${shortRunId(owner.runId)}`;
  const token = JSON.stringify({
    stack: owner.stack,
    workflowId: owner.workflowId,
    runId: owner.runId,
    token: randomBytes(16).toString('hex'),
  });
  try {
    await ensureFolder(folder);
    await writeFile(join(folder, name), token, { mode: 0o644 });
  } catch (error) {
    throw refusal(`The webroot ${folder}`, error);
  }
  try {
    const failures: string[] = [];
    for (const hostname of hostnames) {
      const failure = await fetchToken(setting, hostname, name, token);
      if (failure !== undefined) failures.push(`${hostname} ${failure}`);
    }
    if (failures.length === 0) return { hostnames };
    throw problem('ChallengeFailed', {
      what: `The authority could not see a challenge: ${failures.join('; ')}.`,
      state: 'Nothing was ordered, and nothing was changed.',
      next: `Let nginx serve /${challengeFolder}/ on port ${setting.stack.proxy.httpPort} from ${setting.stack.proxy.webroot}, for every name.`,
    });
  } finally {
    await rm(join(folder, name), { force: true });
  }
}

/** Why the token does not come from there; undefined when it does. */
async function fetchToken(
  setting: Setting,
  hostname: string,
  name: string,
  token: string,
): Promise<string | undefined> {
  const { connectTo } = setting.stack.service;
  const asked = askedName(hostname);
  // The name itself, as the authority does, unless the stack file leads elsewhere.
  const host = connectTo === undefined ? asked : listenerOf(setting).host;
  const authority = host.includes(':') ? `[${host}]` : host;
  try {
    const { statusCode, body } = await request(
      `http://${authority}:${setting.stack.proxy.httpPort}/${challengeFolder}/${name}`,
      { headers: { host: asked }, headersTimeout: timeoutMs, signal: AbortSignal.timeout(timeoutMs) },
    );
    const text = await body.text();
    if (statusCode !== 200) return `answered ${statusCode}`;
    return text === token ? undefined : 'answered with something else';
  } catch (error) {
    return `did not answer (${error instanceof Error ? error.message : String(error)})`;
  }
}

/** Removes the tokens of runs that are over. */
export async function sweepTokens(setting: Setting): Promise<string[]> {
  const folder = join(await webrootOnHost(setting), challengeFolder);
  const removed: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(tokenPrefix)) continue;
    const path = join(folder, name);
    if (!(await isLeftover(setting, path))) continue;
    await rm(path, { force: true });
    removed.push(path);
  }
  return removed;
}

async function isLeftover(setting: Setting, path: string): Promise<boolean> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return false;
  }
  const owner = v.safeParse(ownerSchema, content);
  return (
    owner.success && owner.output.stack === setting.stack.stack && !(await setting.isAlive(owner.output))
  );
}
