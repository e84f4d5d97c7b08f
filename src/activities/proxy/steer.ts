import { problem, problemTypeOf } from '../../problem.ts';
import type { Role } from '../../stack/compose.ts';
import { currentOwner } from '../owner.ts';
import { execIn } from '../docker/exec.ts';
import { addressOf, inspectContainer } from '../docker/serving.ts';
import { nameOf, partsOf } from '../docker/standing.ts';
import type { Setting } from '../setting.ts';
import { upstreamOf, type Upstream } from './configuration.ts';
import { type HostsLine, linesIn, withLines } from './hosts-lines.ts';
import { lookAtNginx, reloadNginx, testConfiguration } from './reload.ts';

const hostsFile = '/etc/hosts';
/** One program call writes it whole, in place: it is a mount, and the worker may die at any moment. */
const writeHosts = ['awk', `BEGIN { printf "%s", ARGV[1] > "${hostsFile}" }`];

export interface Proxy {
  id: string;
  name: string;
  networks: string[];
}

/** The proxy's container that runs, or undefined. */
export async function runningProxy(setting: Setting): Promise<Proxy | undefined> {
  const { standing } = await partsOf(setting, 'proxy');
  const info = standing.find(({ State }) => State.Running);
  if (info === undefined) return undefined;
  return { id: info.Id, name: nameOf(info), networks: Object.keys(info.NetworkSettings.Networks) };
}

/** The same. Throws Unreachable (tried again) when none runs. */
export async function presentProxy(setting: Setting): Promise<Proxy> {
  const proxy = await runningProxy(setting);
  if (proxy !== undefined) return proxy;
  const { service } = setting.stack.compose.services.proxy;
  throw problem('Unreachable', { what: `No container of ${service} runs.`, next: 'It is looked for again.' });
}

/** How the proxy's configuration reaches a role, after its own check of it. */
export async function upstreamFor(setting: Setting, proxy: Proxy, role: Role): Promise<Upstream> {
  const nginx = await lookAtNginx(setting, proxy.id);
  await testConfiguration(setting, nginx);
  const { stdout } = await execIn(setting, proxy.id, [...nginx.argv, '-T', '-q']);
  const { port, service } = setting.stack.compose.services[role];
  return upstreamOf(stdout, { upstream: setting.stack.proxy.upstream, port, fallback: service });
}

/** Why the proxy cannot be told exactly whom to ask; empty when it can. */
export async function obstaclesTo(
  setting: Setting,
  proxy: Proxy,
  { unsteerable }: Upstream,
): Promise<string[]> {
  return (await canWriteHosts(setting, proxy))
    ? unsteerable
    : [...unsteerable, 'its hosts file cannot be written'];
}

export async function isSteerable(setting: Setting, proxy: Proxy, role: Role): Promise<boolean> {
  const obstacles = await obstaclesTo(setting, proxy, await upstreamFor(setting, proxy, role));
  return obstacles.length === 0;
}

/** The lines of ours that the proxy's hosts file has. */
export async function toldLines(setting: Setting, { id }: Proxy): Promise<HostsLine[]> {
  return linesIn(await readHosts(setting, id));
}

/** Whether the hosts file can be written at all, tried by adding nothing to it. */
async function canWriteHosts(setting: Setting, { id }: Proxy): Promise<boolean> {
  const addNothing = ['awk', `BEGIN { printf "" >> "${hostsFile}" }`];
  const { exitCode } = await execIn(setting, id, addNothing, 30_000, '0');
  return exitCode === 0;
}

/** Writes whom nginx is to ask from its next load on. Returns the addresses. Throws StalePlan, ProxyRefused. */
export async function tellProxy(
  setting: Setting,
  proxy: Proxy,
  role: Role,
  ids: readonly string[],
): Promise<string[]> {
  const addresses = await Promise.all(ids.map((id) => addressFor(setting, proxy, id)));
  const { names } = await upstreamFor(setting, proxy, role);
  const { workflowId, runId } = currentOwner(setting.stack.stack);
  const lines = names.flatMap((name) => addresses.map((address) => ({ address, name, workflowId, runId })));
  await changeHosts(setting, proxy, lines);
  return addresses;
}

/** Tells nginx and makes it load that. A configuration that it then refuses is taken back. */
export async function steerTo(
  setting: Setting,
  proxy: Proxy,
  role: Role,
  ids: readonly string[],
): Promise<{ addresses: string[]; reloadMs: number }> {
  const before = await toldLines(setting, proxy);
  const addresses = await tellProxy(setting, proxy, role, ids);
  try {
    // An attempt that was frozen meanwhile must not send customers to what is gone.
    await Promise.all(ids.map((id) => addressFor(setting, proxy, id)));
    return { addresses, reloadMs: await reloadNginx(setting, proxy.id) };
  } catch (error) {
    await changeHosts(setting, proxy, problemTypeOf(error) === 'StalePlan' ? [] : before);
    throw error;
  }
}

/** Takes our lines back. Returns whether there were any. */
export async function untellProxy(setting: Setting, proxy: Proxy): Promise<boolean> {
  const lines = await toldLines(setting, proxy);
  if (lines.length > 0) await changeHosts(setting, proxy, []);
  return lines.length > 0;
}

async function addressFor(setting: Setting, { networks }: Proxy, id: string): Promise<string> {
  const info = await inspectContainer(setting, id);
  const address = info?.State.Running === true ? addressOf(info, networks) : null;
  if (address !== null) return address;
  throw problem('StalePlan', {
    what: `${info === undefined ? `The container ${id.slice(0, 12)}` : nameOf(info)} is to get traffic and ${info === undefined ? 'is gone' : 'does not run'}.`,
    next: 'Look at what is there now, and start again.',
  });
}

async function changeHosts(setting: Setting, proxy: Proxy, lines: readonly HostsLine[]): Promise<void> {
  const hosts = await readHosts(setting, proxy.id);
  // An engine that goes away in the middle of an answer cuts it, and looks as if that were all.
  if (hosts !== (await readHosts(setting, proxy.id)) || !hosts.includes('localhost')) {
    throw problem('Unreachable', {
      what: `${hostsFile} in ${proxy.name} was read differently twice.`,
      next: 'It is tried again.',
    });
  }
  const wanted = withLines(hosts, lines);
  const { exitCode, stderr } = await execIn(setting, proxy.id, [...writeHosts, wanted], 30_000, '0');
  if (exitCode === 0 && (await readHosts(setting, proxy.id)) === wanted) return;
  throw problem('ProxyRefused', {
    what: `${hostsFile} in ${proxy.name} cannot be written${stderr.trim() === '' ? '' : `: ${stderr.trim()}`}.`,
    state: 'nginx goes on as before.',
  });
}

async function readHosts(setting: Setting, id: string): Promise<string> {
  const { exitCode, stdout, stderr } = await execIn(setting, id, ['cat', hostsFile]);
  if (exitCode === 0) return stdout;
  throw problem('ProxyRefused', { what: `${hostsFile} in the proxy cannot be read: ${stderr.trim()}` });
}
