import { Context } from '@temporalio/activity';
import { runningContainer } from '../docker/service-containers.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import {
  errorsSince,
  hasNewWorkers,
  lookAtNginx,
  type Nginx,
  reloadWithinMs,
  tellToReload,
  testConfiguration,
} from './reload.ts';

const lookIntervalMs = 100;

export interface ReloadWait {
  /** Whether a new connection gets what the new configuration says. */
  accept: () => Promise<boolean>;
  /** How often in a row: several workers answer in turn. */
  timesInARow: number;
  withinMs: number;
  /** How long old workers may finish what they began before the reload counts as done all the same. */
  drainMs: number;
}

export type ReloadOutcome =
  | { accepted: true; acceptedAfterMs: number; oldWorkers: number }
  /** `said` is what nginx wrote meanwhile, empty for nothing. */
  | { accepted: false; afterMs: number; said: string };

/** Whether the proxy takes its configuration as it stands on the disk. Throws ProxyRefused with nginx's own words. */
export async function testProxy(setting: Setting): Promise<void> {
  const { id } = await runningContainer(setting, 'proxy');
  await testConfiguration(setting, await lookAtNginx(setting, id));
}

/**
 * Reloads the proxy and waits until new connections get what the configuration says. That nginx took the call says
 * nothing: it succeeds also where the master keeps the old configuration. Throws ProxyRefused.
 */
export async function reloadUntil(setting: Setting, wait: ReloadWait): Promise<ReloadOutcome> {
  const { id } = await runningContainer(setting, 'proxy');
  const before = await lookAtNginx(setting, id);
  const startedMs = Date.now();
  await tellToReload(setting, before);
  const acceptedAfterMs = await untilAccepted(setting, before, wait);
  if (acceptedAfterMs === undefined) {
    const said = await errorsSince(setting, before.id, startedMs);
    return { accepted: false, afterMs: Date.now() - startedMs, said };
  }
  const oldWorkers = await drained(setting, before, wait.drainMs);
  return { accepted: true, acceptedAfterMs, oldWorkers };
}

/** Milliseconds until the first of the connections from which on all got it; undefined when it never came to that. */
async function untilAccepted(setting: Setting, before: Nginx, wait: ReloadWait): Promise<number | undefined> {
  const startedMs = Date.now();
  let sinceMs = 0;
  for (let good = 0; good < wait.timesInARow;) {
    const askedMs = Date.now() - startedMs;
    const accepted = await wait.accept();
    if (accepted && good === 0) sinceMs = askedMs;
    good = accepted ? good + 1 : 0;
    reportProgress(`New connections get it: ${good} of ${wait.timesInARow} in a row`);
    if (good < wait.timesInARow && askedMs > wait.withinMs) return undefined;
    if (good === 0 && askedMs > reloadWithinMs && !(await hasNewWorkers(setting, before))) return undefined;
    if (good < wait.timesInARow) await Context.current().sleep(lookIntervalMs);
  }
  return sinceMs;
}

/** Waits for the workers from before; returns how many still finish what they began. */
async function drained(setting: Setting, before: Nginx, drainMs: number): Promise<number> {
  for (const deadline = Date.now() + drainMs; ;) {
    const { workers } = await lookAtNginx(setting, before.id);
    const old = workers.filter((pid) => before.workers.includes(pid));
    if (old.length === 0 || Date.now() > deadline) return old.length;
    reportProgress(`${old.length} old workers finish what they began`);
    await Context.current().sleep(lookIntervalMs * 5);
  }
}
