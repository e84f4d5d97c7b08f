import { Context } from '@temporalio/activity';
import type { Redis } from 'ioredis';
import { problem } from '../../problem.ts';
import type { SavedCache } from '../contract/cache.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { countKeys } from './count-keys.ts';
import { withCache } from './connection.ts';

const lookIntervalMs = 200;

/** Lets Redis write everything to disk and waits until it has. Throws VerificationFailed where it cannot. */
export async function saveCache(setting: Setting): Promise<SavedCache> {
  const { deadLetterPrefix } = setting.stack.cache;
  const { status, ...saved } = await withCache(setting, async (redis) => ({
    status: await saveInBackground(redis),
    keys: await redis.dbsize(),
    deadLetters: await countKeys(redis, `${deadLetterPrefix}*`),
    evictionPolicy: infoField(await redis.info('memory'), 'maxmemory_policy') ?? 'unknown',
  }));
  if (status === 'ok') return saved;
  throw problem('VerificationFailed', {
    what: `Redis could not save what it has: its last save ended with ${status}.`,
    state: 'It goes on serving; nothing was restarted.',
    next: 'Look at its log: most often the disk is full, or memory for the fork is missing.',
  });
}

async function saveInBackground(redis: Redis): Promise<string> {
  await untilIdle(redis);
  try {
    await redis.bgsave();
  } catch (error) {
    // Redis began one by itself at this moment: it is as good.
    if (!(error instanceof Error && error.message.includes('already in progress'))) throw error;
  }
  return untilIdle(redis);
}

async function untilIdle(redis: Redis): Promise<string> {
  for (;;) {
    const info = await redis.info('persistence');
    if (infoField(info, 'rdb_bgsave_in_progress') !== '1')
      return infoField(info, 'rdb_last_bgsave_status') ?? 'unknown';
    reportProgress('Redis saves');
    await Context.current().sleep(lookIntervalMs);
  }
}

/** A field of what `INFO` answers. */
export function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1];
}
