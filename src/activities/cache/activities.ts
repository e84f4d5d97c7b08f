import type { Redis } from 'ioredis';
import type { CacheActivities } from '../contract/cache.ts';
import type { Setting } from '../setting.ts';
import { withCache } from './connection.ts';

const scanCount = 1_000;

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

    forgetCached: () =>
      withCache(setting, async (redis) => {
        let keys = 0;
        for (const pattern of forgetAfterRestore) {
          for await (const found of scan(redis, pattern)) {
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

async function countKeys(redis: Redis, pattern: string): Promise<number> {
  let count = 0;
  for await (const found of scan(redis, pattern)) count += found.length;
  return count;
}

/** Never KEYS: it stops every other client of Redis while it looks. */
async function* scan(redis: Redis, pattern: string): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', scanCount);
    yield found;
    cursor = next;
  } while (cursor !== '0');
}
