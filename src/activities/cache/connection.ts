import { Redis } from 'ioredis';
import { problem } from '../../problem.ts';
import { runningContainer } from '../docker/service-containers.ts';
import type { Setting } from '../setting.ts';

const timeoutMs = 5_000;

/** Acts on the stack's Redis and closes the connection whatever happens. Throws Unreachable (tried again). */
export async function withCache<T>(setting: Setting, act: (redis: Redis) => Promise<T>): Promise<T> {
  const { stack } = setting;
  const container = await runningContainer(setting, 'cache');
  const host = container.networks.find(({ address }) => address !== '')?.address;
  if (host === undefined)
    throw problem('Unreachable', { what: `${container.name} has no address on any network.` });
  const redis = new Redis({
    host,
    port: stack.compose.services.cache.port,
    password: await setting.secret(stack.cache.password),
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    // An activity is tried again by its own policy: a second one here would hide how often.
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectionName: 'hermes-ops',
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await act(redis);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw problem(
      'Unreachable',
      { what: `Redis (${container.name}): ${why}.`, next: 'It is tried again.' },
      error,
    );
  } finally {
    redis.disconnect();
  }
}
