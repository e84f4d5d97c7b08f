import type { Redis } from 'ioredis';

const scanCount = 1_000;

export async function countKeys(redis: Redis, pattern: string): Promise<number> {
  let count = 0;
  for await (const found of scanKeys(redis, pattern)) count += found.length;
  return count;
}

/** Never KEYS: it stops every other client of Redis while it looks. */
export async function* scanKeys(redis: Redis, pattern: string): AsyncGenerator<string[]> {
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', scanCount);
    yield found;
    cursor = next;
  } while (cursor !== '0');
}
