import { connect } from 'node:net';
import { Context } from '@temporalio/activity';
import type Docker from 'dockerode';
import { request } from 'undici';
import { problem } from '../../problem.ts';
import type { Role } from '../../stack/compose.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import type { Inspected } from './copy/copy-of.ts';
import { engineCall, unlessGone } from './engine.ts';
import { lastLines } from './last-lines.ts';

const lookIntervalMs = 200;
const probeTimeoutMs = 2_000;
const goodInARow = 3;
const mostCrashes = 3;

/** The container as it is now, or undefined when it is gone. */
export async function inspectContainer({ docker }: Setting, id: string): Promise<Inspected | undefined> {
  return engineCall('Looking at a container', () => unlessGone(() => docker.getContainer(id).inspect()));
}

/** A network address of a container, on one of `networks` where it has one there; null while it has none. */
export function addressOf(
  info: Docker.ContainerInspectInfo,
  networks: readonly string[] = [],
): string | null {
  const all = Object.entries(info.NetworkSettings.Networks).filter(([, { IPAddress }]) => IPAddress !== '');
  const shared = all.find(([name]) => networks.includes(name)) ?? all[0];
  return shared?.[1].IPAddress ?? null;
}

/**
 * Waits until the container answers by itself, several times in a row. Docker's own check may look only every half
 * minute, and it is not the truth. Throws ContainerFailed with its last lines; a start that crashes fails early.
 */
export async function untilServing(setting: Setting, role: Role, id: string): Promise<Inspected> {
  const { startWithinMs } = setting.stack.compose.services[role];
  const startedMs = Date.now();
  const crashesBefore = (await inspectContainer(setting, id))?.RestartCount ?? 0;
  for (let good = 0; ;) {
    const info = await inspectContainer(setting, id);
    if (info === undefined)
      throw problem('ContainerFailed', { what: 'The container was removed by somebody.' });
    good = (await isServing(setting, role, info)) ? good + 1 : 0;
    if (good >= goodInARow) return info;
    const waitedMs = Date.now() - startedMs;
    const name = info.Name.replace(/^\//, '');
    if (info.State.Status === 'exited' || info.State.Status === 'dead')
      throw await failed(
        setting,
        info,
        `${name} ended with exit code ${info.State.ExitCode} after its start`,
      );
    if (info.RestartCount - crashesBefore >= mostCrashes)
      throw await failed(
        setting,
        info,
        `${name} crashed ${info.RestartCount - crashesBefore} times at its start`,
      );
    if (waitedMs > startWithinMs) {
      const state = info.State.Running ? 'runs but does not answer' : 'does not run';
      throw await failed(setting, info, `${name} ${state} ${startWithinMs / 1000} s after its start`);
    }
    if (good === 0) reportProgress(`${name} does not answer yet (${Math.round(waitedMs / 1000)} s)`);
    await Context.current().sleep(lookIntervalMs);
  }
}

/** Whether the container answers at this moment: the api its health page, anything else on its port. */
export async function isServing(setting: Setting, role: Role, info: Inspected): Promise<boolean> {
  const address = addressOf(info);
  if (!info.State.Running || info.State.Paused || address === null) return false;
  const { port } = setting.stack.compose.services[role];
  return role === 'api'
    ? answersHealth(`http://${address}:${port}${setting.stack.service.probes.health}`)
    : listens(address, port);
}

/** A ContainerFailed with the container's last lines. */
export async function failed({ docker }: Setting, info: Inspected, what: string): Promise<Error> {
  const said = await lastLines(docker.getContainer(info.Id), info.Config.Tty);
  return problem('ContainerFailed', {
    what: `${what}${info.State.OOMKilled ? ' (the memory limit killed it)' : ''}.`,
    state: said === '' ? 'It wrote nothing.' : `Its last lines:\n${said}`,
  });
}

async function answersHealth(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, {
      headersTimeout: probeTimeoutMs,
      signal: AbortSignal.timeout(probeTimeoutMs),
    });
    await body.dump();
    return statusCode < 500;
  } catch {
    return false;
  }
}

function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: probeTimeoutMs });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true));
    socket.once('timeout', end(false));
    socket.once('error', end(false));
  });
}
