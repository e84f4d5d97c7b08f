import { existsSync } from 'node:fs';
import type { Log } from '../show.ts';
import { visibleCommand } from './visible-command.ts';

/** Waits for another apt or dpkg that runs, instead of failing at once. */
const lockTimeout = ['-o', 'DPkg::Lock::Timeout=300'];
const environment = { DEBIAN_FRONTEND: 'noninteractive' };

let listsAreFresh = false;

/** Whether packages can be installed here without asking anybody. */
export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

/**
 * Installs Debian packages. Throws an Error with the command to run where this process may not,
 * or with apt's last lines.
 */
export async function installPackages(packages: readonly string[], log: Log): Promise<void> {
  const command = `apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (!canInstallPackages())
    throw new Error(
      existsSync('/etc/debian_version')
        ? `These packages are missing: ${packages.join(' ')}. As root, run \`${command}\`, then run this again.`
        : `Missing here, by their names on Debian: ${packages.join(' ')}. Install them with this system's own tools, then run this again.`,
    );
  if (!listsAreFresh) {
    log('Refreshing the lists of Debian packages …');
    await visibleCommand('apt-get', [...lockTimeout, 'update'], { log, environment });
    listsAreFresh = true;
  }
  log(`Installing ${packages.join(', ')} …`);
  await visibleCommand(
    'apt-get',
    [...lockTimeout, 'install', '--yes', '--no-install-recommends', ...packages],
    { log, environment },
  );
}
