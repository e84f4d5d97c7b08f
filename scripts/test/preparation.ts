import type { Environment } from '../../src/environment.ts';
import { setUpChromium } from '../setup/chromium.ts';
import { setUpDocker } from '../setup/docker.ts';
import { setUpTemporalCli, setUpTemporalTestServer } from '../setup/temporal-tools.ts';
import { ensureAuthorityImages, ensureImages } from '../sandbox/images.ts';
import { type Log, step } from '../show.ts';

/** What a stage needs on the machine before it starts. */
export type Need = 'Docker' | 'sandbox images' | 'Temporal CLI' | 'Temporal test server' | 'Chromium';

type Variables = Record<string, string>;

/**
 * Makes each need ready once, when the first stage asks for it; one that failed fails every stage that needs it.
 * The answer holds the environment variables that the stage's program gets.
 */
export function preparation(environment: Environment): (needs: readonly Need[]) => Promise<Variables> {
  const done = new Map<Need, Promise<Variables>>();
  const once = (need: Need): Promise<Variables> => {
    const before = done.get(need);
    if (before !== undefined) return before;
    const now = step(`Set up ${need}`, (log) => prepare[need](environment, log));
    done.set(need, now);
    return now;
  };
  return async (needs) => {
    const variables: Variables = {};
    for (const need of needs) Object.assign(variables, await once(need));
    return variables;
  };
}

const prepare: Record<Need, (environment: Environment, log: Log) => Promise<Variables>> = {
  async Docker(environment, log) {
    await setUpDocker(environment, log);
    return {};
  },
  async 'sandbox images'(_environment, log) {
    await ensureImages({ log });
    await ensureAuthorityImages({ log });
    return {};
  },
  async 'Temporal CLI'(environment, log) {
    const { path, version, origin } = await setUpTemporalCli(environment, log);
    log(`temporal ${version} (${origin})`);
    return { TEMPORAL_CLI_PATH: path };
  },
  async 'Temporal test server'(environment, log) {
    const { path } = await setUpTemporalTestServer(environment, log);
    return { TEMPORAL_TEST_SERVER_PATH: path };
  },
  async Chromium(environment, log) {
    return { CHROMIUM_PATH: await setUpChromium(environment, log) };
  },
};
