import type { Environment } from '../../src/environment.ts';
import type { Log } from '../show.ts';
import { installPackages } from './apt.ts';
import { isExecutable, programOnPath } from './programs.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The browser for the tests that drive the Web UI: CHROMIUM_PATH, one on PATH, or Debian's, installed now.
 * Throws an Error that says what to install where this process may not.
 */
export async function setUpChromium({ chromiumPath }: Environment, log: Log): Promise<string> {
  if (chromiumPath !== undefined) {
    if (isExecutable(chromiumPath)) return chromiumPath;
    throw new Error(`CHROMIUM_PATH is ${chromiumPath}: there is no program that can be run.`);
  }
  const found = programOnPath(names);
  if (found !== undefined) return found;
  await installPackages(['chromium', 'fonts-dejavu-core'], log);
  const installed = programOnPath(names);
  if (installed === undefined)
    throw new Error('Chromium was installed, but PATH has none of it. Set CHROMIUM_PATH.');
  return installed;
}
