import Docker from 'dockerode';
import { existsSync } from 'node:fs';
import type { Log } from '../show.ts';
import { canInstallPackages, installPackages } from './apt.ts';
import { livingDockerd, startDockerd, type StartedDockerd } from './dockerd.ts';
import { programOnPath } from './programs.ts';
import { visibleCommand } from './visible-command.ts';

export interface DockerEngineOptions {
  log: Log;
  /** Where the log of a dockerd that is started by hand goes, and the note of its pid. */
  stateDirectory: string;
  /** Default 90,000. */
  startTimeoutMs?: number;
  /** More arguments for a dockerd that is started by hand. */
  dockerdArguments?: readonly string[];
}

export interface DockerEngine {
  version: string;
  /** How it came to answer. */
  origin: 'it answered' | 'it was starting' | 'service manager' | 'dockerd by hand';
  installed: boolean;
  /** Set when this call started dockerd by hand: who wants it gone ends this pid. */
  dockerd?: StartedDockerd;
}

const defaultSocket = '/var/run/docker.sock';
const packages = ['docker.io', 'docker-compose', 'iptables', 'ca-certificates'];

/**
 * Makes sure that a Docker engine answers (DOCKER_HOST respected): as root on a Debian-like system it is installed and
 * started where it is missing. Throws an Error that says exactly what to do, or shows dockerd's last lines.
 */
export async function ensureDockerEngine(options: DockerEngineOptions): Promise<DockerEngine> {
  const { log } = options;
  const first = await ask();
  if (first.version !== undefined) return { version: first.version, origin: 'it answered', installed: false };
  const socket = localSocket(process.env['DOCKER_HOST']);
  // A socket of its own belongs to an engine that somebody set up: starting another one there helps nobody.
  const ours = socket === defaultSocket || options.dockerdArguments !== undefined;
  if (socket === undefined || !ours || !canInstallPackages()) throw new Error(whatToDo(first.error, socket));
  const starting = livingDockerd(options.dockerdArguments);
  if (starting !== undefined) {
    log(`dockerd (process ${starting}) is starting; waiting for it …`);
    return { version: await untilItAnswers(options), origin: 'it was starting', installed: false };
  }
  const installed = programOnPath(['dockerd']) === undefined;
  if (installed) await installPackages(packages, log);
  // Newer releases of Debian have the command line in a package of its own.
  if (programOnPath(['docker']) === undefined) await installPackages(['docker-cli'], log);
  // Installing it starts it, where a service manager runs.
  const second = await ask();
  if (second.version !== undefined) return { version: second.version, origin: 'service manager', installed };
  if (existsSync('/run/systemd/system') && socket === defaultSocket) {
    await visibleCommand('systemctl', ['start', 'docker'], { log });
    return { version: await untilItAnswers(options), origin: 'service manager', installed };
  }
  const dockerd = startDockerd({ ...options, socket: socket === defaultSocket ? undefined : socket });
  return { version: await untilItAnswers(options, dockerd), origin: 'dockerd by hand', installed, dockerd };
}

async function untilItAnswers(
  { startTimeoutMs = 90_000 }: DockerEngineOptions,
  dockerd?: StartedDockerd,
): Promise<string> {
  const giveUpAt = Date.now() + startTimeoutMs;
  for (;;) {
    const { version, error } = await ask();
    if (version !== undefined) return version;
    const ended = dockerd?.ended();
    if (ended !== undefined) throw new Error(`The Docker engine did not start: ${ended}`);
    if (Date.now() >= giveUpAt)
      throw new Error(
        `The Docker engine did not answer within ${startTimeoutMs / 1000} s (${error}). ` +
          (dockerd?.lastLines() ?? 'Look at its log.'),
      );
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function ask(): Promise<
  { version: string; error?: undefined } | { version?: undefined; error: string }
> {
  try {
    const { Version } = await new Docker({ timeout: 10_000 }).version();
    return { version: Version };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** The engine's socket on this machine; undefined when DOCKER_HOST names another machine. */
export function localSocket(dockerHost: string | undefined): string | undefined {
  if (dockerHost === undefined || dockerHost === '') return defaultSocket;
  return dockerHost.startsWith('unix://') ? dockerHost.slice('unix://'.length) || defaultSocket : undefined;
}

/** What a person has to do where this process may not do it. */
export function whatToDo(error: string, socket: string | undefined): string {
  if (socket !== defaultSocket)
    return `The Docker engine of DOCKER_HOST does not answer (${error}). Start it there, or unset DOCKER_HOST, then run this again.`;
  if (/EACCES|permission denied/i.test(error))
    return (
      `A Docker engine is here, but you may not use it (${error}). ` +
      'Run this as root, or join its group: `usermod -aG docker YOUR_NAME` as root, log in again, then run this again.'
    );
  const start = 'start it: `systemctl start docker`, or `dockerd` as root where no service manager runs';
  return existsSync('/etc/debian_version')
    ? `No Docker engine answers (${error}). As root, run \`apt-get install ${packages.join(' ')}\` and ${start}. Then run this again.`
    : `No Docker engine answers (${error}). Install Docker and docker-compose with this system's own tools and ${start}. Then run this again.`;
}
