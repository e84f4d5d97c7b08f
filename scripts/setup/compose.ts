import { commandOutput } from '../../src/temporal/command-output.ts';
import type { Log } from '../show.ts';
import { installPackages } from './apt.ts';
import { programOnPath } from './programs.ts';

/** Makes sure that `docker compose` or `docker-compose` is there. Throws an Error that says what to install. */
export async function ensureCompose(log: Log): Promise<void> {
  if (programOnPath(['docker-compose']) !== undefined) return;
  const plugin = await commandOutput('docker', ['compose', 'version'], { timeoutMs: 30_000 }).catch(
    () => undefined,
  );
  if (plugin?.exitCode !== 0) await installPackages(['docker-compose'], log);
}
