import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json: the same for the sources and for what is compiled from them into dist. */
export const projectRoot = nearestProject(dirname(fileURLToPath(import.meta.url)));

function nearestProject(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('package.json of hermes-ops was not found above this program.');
  return nearestProject(parent);
}
