import { Context } from '@temporalio/activity';
import { problem } from '../../problem.ts';
import { engineCall } from '../docker/engine.ts';
import { execIn } from '../docker/exec.ts';
import { runningContainer, type ServiceContainer } from '../docker/service-containers.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { type NginxProcesses, processesIn } from './processes.ts';

const lookIntervalMs = 100;
const maxProblemLines = 4;

export interface ReloadWait {
  /** Whether a new connection gets what the new configuration says. */
  accept: () => Promise<boolean>;
  /** How often in a row: several workers answer in turn. */
  timesInARow: number;
  withinMs: number;
  /** How long old workers may finish what they began before the reload counts as done all the same. */
  drainMs: number;
}

export interface ReloadOutcome {
  accepted: boolean;
  acceptedAfterMs: number;
  oldWorkers: number;
}

/** Whether nginx takes its configuration as it stands on the disk. Throws ProxyRefuses with nginx's own words. */
export async function testProxy(setting: Setting): Promise<void> {
  const container = await runningContainer(setting, 'proxy');
  await test(setting, container, (await processesOf(setting, container)).masterArguments);
}

/**
 * Tests the configuration, reloads it, and waits until new connections get it. That nginx took the call says nothing:
 * the test passes and the call succeeds also where the master keeps the old configuration. Throws ProxyRefuses.
 */
export async function reloadProxy(setting: Setting, wait: ReloadWait): Promise<ReloadOutcome> {
  const container = await runningContainer(setting, 'proxy');
  const before = await processesOf(setting, container);
  await test(setting, container, before.masterArguments);
  const argv = ['nginx', ...before.masterArguments, '-s', 'reload'];
  const { exitCode, stdout, stderr } = await execIn(setting, container.id, argv);
  if (exitCode !== 0) {
    throw problem('ProxyRefuses', {
      what: `nginx in ${container.name} could not be told to reload: ${lastLines(`${stdout}${stderr}`)}.`,
      state: 'It goes on with the configuration that it has.',
    });
  }
  const acceptedAfterMs = await untilAccepted(wait);
  if (acceptedAfterMs === undefined)
    return { accepted: false, acceptedAfterMs: wait.withinMs, oldWorkers: 0 };
  const oldWorkers = await drained(setting, container, before, wait.drainMs);
  return { accepted: true, acceptedAfterMs, oldWorkers };
}

/** Milliseconds until the first of the connections from which on all got it; undefined when it never came to that. */
async function untilAccepted(wait: ReloadWait): Promise<number | undefined> {
  const startedMs = Date.now();
  let sinceMs = 0;
  for (let good = 0; good < wait.timesInARow;) {
    const askedMs = Date.now() - startedMs;
    const accepted = await wait.accept();
    if (accepted && good === 0) sinceMs = askedMs;
    good = accepted ? good + 1 : 0;
    reportProgress(`New connections get it: ${good} of ${wait.timesInARow} in a row`);
    if (good < wait.timesInARow && askedMs > wait.withinMs) return undefined;
    if (good < wait.timesInARow) await Context.current().sleep(lookIntervalMs);
  }
  return sinceMs;
}

/** Waits for the workers from before; returns how many still finish what they began. */
async function drained(
  setting: Setting,
  container: ServiceContainer,
  before: NginxProcesses,
  drainMs: number,
): Promise<number> {
  for (const deadline = Date.now() + drainMs; ;) {
    const { workers } = await processesOf(setting, container);
    const old = workers.filter((pid) => before.workers.includes(pid));
    if (old.length === 0 || Date.now() > deadline) return old.length;
    reportProgress(`${old.length} old workers finish what they began`);
    await Context.current().sleep(lookIntervalMs * 5);
  }
}

async function test(
  setting: Setting,
  { id, name }: ServiceContainer,
  masterArguments: string[],
): Promise<void> {
  const { exitCode, stdout, stderr } = await execIn(setting, id, ['nginx', ...masterArguments, '-t']);
  if (exitCode === 0) return;
  throw problem('ProxyRefuses', {
    what: `nginx in ${name} refuses its configuration: ${lastLines(`${stdout}${stderr}`)}.`,
    state: 'It goes on with the configuration that it has loaded, and would not start again with this one.',
    next: 'Correct what it names; `nginx -t` in the container tells when it is right.',
  });
}

async function processesOf(setting: Setting, { id, name }: ServiceContainer): Promise<NginxProcesses> {
  const top: unknown = await engineCall(`Looking at the processes of ${name}`, () =>
    setting.docker.getContainer(id).top({ ps_args: '-o pid,args' }),
  );
  return processesIn(top);
}

function lastLines(output: string): string {
  const lines = output
    .trim()
    .split(/\r?\n/)
    .filter((line) => /\[(?:emerg|alert|crit|error)\]|failed|denied|nginx: (?!the configuration)/.test(line));
  return lines.slice(0, maxProblemLines).join(' | ') || 'it said nothing';
}
