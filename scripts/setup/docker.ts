import type { Environment } from '../../src/environment.ts';
import type { Log } from '../show.ts';
import { ensureCompose } from './compose.ts';
import { ensureDockerEngine } from './docker-engine.ts';

/** A Docker engine that answers, and compose beside it. Throws an Error that says what to do where it cannot be had. */
export async function setUpDocker({ stateDirectory }: Environment, log: Log): Promise<void> {
  const { version, origin } = await ensureDockerEngine({ log, stateDirectory });
  log(`Docker engine ${version} (${origin})`);
  await ensureCompose(log);
}
