import type { CacheActivities } from '../contract/cache.ts';
import type { Setting } from '../setting.ts';
import { withCache } from './connection.ts';
import { countKeys, scanKeys } from './count-keys.ts';
import { saveCache } from './save.ts';

/** The activities on the stack's Redis. */
export function createCacheActivities(setting: Setting): CacheActivities {
  const { deadLetterPrefix, forgetAfterRestore } = setting.stack.cache;
  return {
    async lookAtCache() {
      try {
        return await withCache(setting, async (redis) => ({
          seen: true,
          keys: await redis.dbsize(),
          deadLetters: await countKeys(redis, `${deadLetterPrefix}*`),
          evicted: evictedKeys(await redis.info('stats')),
        }));
      } catch {
        // A restore of the database must not depend on a cache that is away.
        return { seen: false, keys: 0, deadLetters: 0, evicted: 0 };
      }
    },

    saveCache: () => saveCache(setting),

    forgetCached: () =>
      withCache(setting, async (redis) => {
        let keys = 0;
        for (const pattern of forgetAfterRestore) {
          for await (const found of scanKeys(redis, pattern)) {
            const cached = found.filter((key) => !key.startsWith(deadLetterPrefix));
            if (cached.length > 0) keys += await redis.unlink(...cached);
          }
        }
        return { keys, deadLettersKept: await countKeys(redis, `${deadLetterPrefix}*`) };
      }),
  };
}

/** The number that `INFO stats` gives for evicted keys. */
export function evictedKeys(stats: string): number {
  return Number(/^evicted_keys:(\d+)/m.exec(stats)?.[1] ?? 0);
}
