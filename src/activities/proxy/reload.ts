import { Context } from '@temporalio/activity';
import { basename } from 'node:path';
import { problem } from '../../problem.ts';
import { engineCall } from '../docker/engine.ts';
import { execIn } from '../docker/exec.ts';
import { demultiplex } from '../docker/output.ts';
import type { Setting } from '../setting.ts';
import { processesIn } from './processes.ts';

/** Whoever has no new worker by then goes on with the old configuration. */
export const reloadWithinMs = 15_000;
const lookIntervalMs = 100;

/** An nginx that runs: how it was started, and its worker processes by the host's numbers. */
export interface Nginx {
  id: string;
  name: string;
  /** The program with the arguments of the running master. */
  argv: string[];
  workers: number[];
}

/** Looks at the nginx in a container. Throws Unreachable when none runs there. */
export async function lookAtNginx({ docker }: Setting, id: string): Promise<Nginx> {
  return engineCall('Looking at nginx', async () => {
    const container = docker.getContainer(id);
    const info = await container.inspect();
    const name = info.Name.replace(/^\//, '');
    const top: unknown = await container.top({ ps_args: '-eo pid,args' });
    const { masterArguments, workers } = processesIn(top);
    if (masterArguments === undefined)
      throw problem('Unreachable', { what: `No nginx runs in ${name}.`, next: 'It is looked for again.' });
    return {
      id,
      name,
      argv: startedWith([info.Path, ...info.Args]) ?? ['nginx', ...masterArguments],
      workers,
    };
  });
}

/** nginx's own check of its configuration. Throws ProxyRefused with its words. */
export async function testConfiguration(setting: Setting, { id, argv, name }: Nginx): Promise<void> {
  const { exitCode, stderr, stdout } = await execIn(setting, id, [...argv, '-t']);
  if (exitCode === 0) return;
  throw problem('ProxyRefused', {
    what: `nginx in ${name} refuses its configuration: ${complaints(`${stderr}${stdout}`)}`,
    state: 'It goes on serving with the configuration that it loaded before.',
    next: 'Correct the file; nginx -t names the line.',
  });
}

/**
 * Makes nginx load its configuration anew, and sees that new workers serve: the reload itself returns 0 also when
 * the master keeps the old configuration. Returns the milliseconds until then. Throws ProxyRefused.
 */
export async function reloadNginx(setting: Setting, containerId: string): Promise<number> {
  const before = await lookAtNginx(setting, containerId);
  const startedMs = Date.now();
  await tellToReload(setting, before);
  for (;;) {
    if (await hasNewWorkers(setting, before)) return Date.now() - startedMs;
    if (Date.now() - startedMs > reloadWithinMs) {
      const said = await errorsSince(setting, containerId, startedMs);
      throw problem('ProxyRefused', {
        what: `nginx in ${before.name} took the reload and kept its old configuration${said === '' ? '' : `: ${said}`}`,
        state: 'It goes on serving with the old one.',
      });
    }
    await Context.current().sleep(lookIntervalMs);
  }
}

/** The proof that a reload was carried out. */
export async function hasNewWorkers(setting: Setting, before: Nginx): Promise<boolean> {
  const { workers } = await lookAtNginx(setting, before.id);
  return workers.some((pid) => !before.workers.includes(pid));
}

/** Tests the configuration and tells nginx to load it, which it then may or may not do. Throws ProxyRefused. */
export async function tellToReload(setting: Setting, nginx: Nginx): Promise<void> {
  await testConfiguration(setting, nginx);
  const { exitCode, stderr } = await execIn(setting, nginx.id, [...nginx.argv, '-s', 'reload']);
  if (exitCode === 0) return;
  throw problem('ProxyRefused', {
    what: `nginx in ${nginx.name} did not reload: ${complaints(stderr)}`,
    state: 'It goes on serving with the configuration that it loaded before.',
  });
}

/** The words after the program in the container's command, where nginx is started directly or by a script. */
function startedWith(command: string[]): string[] | undefined {
  const index = command.findIndex((word) => basename(word) === 'nginx');
  return index < 0 ? undefined : command.slice(index);
}

/** What the proxy wrote into its log since then: why it could not do what it was told. */
export async function errorsSince({ docker }: Setting, id: string, sinceMs: number): Promise<string> {
  const raw = await engineCall('Reading the log of nginx', () =>
    docker.getContainer(id).logs({ stderr: true, follow: false, since: Math.floor(sinceMs / 1000) }),
  );
  return errorLines(demultiplex(raw).stderr).slice(-3).join(' ').trim();
}

function errorLines(output: string): string[] {
  return output.split('\n').filter((line) => /\[(?:emerg|alert|crit|error)\]/.test(line));
}

function complaints(output: string): string {
  const lines = errorLines(output);
  return (lines.length > 0 ? lines : output.split('\n')).slice(-3).join(' ').trim();
}
