import { proxyActivities } from '@temporalio/workflow';
import type { CacheActivities } from '../../activities/contract/cache.ts';
import { quickLook, shortChange } from './policies.ts';
import type { Run } from './run.ts';
import { counted, grouped } from './words.ts';

const { lookAtCache } = proxyActivities<CacheActivities>(quickLook);
const { forgetCached } = proxyActivities<CacheActivities>(shortChange);

/** What a restore should know of Redis, as lines of its plan: what is cached there belongs to the undone future. */
export async function describeCache(run: Run): Promise<string[]> {
  const look = await run.step('Look at what Redis keeps', () => lookAtCache());
  if (!look.seen) return ['Redis does not answer: what it caches is unknown'];
  const patterns = run.policy.forgetAfterRestore;
  const forgets =
    patterns.length === 0 ? 'all of them stay' : `those like ${patterns.join(', ')} are forgotten`;
  return [
    `Redis keeps ${counted(look.keys, 'key')}, ${grouped(look.deadLetters)} of them dead letters: ${forgets}${patterns.length === 0 ? '' : ', dead letters stay'}`,
    ...(look.evicted > 0
      ? [`Attention: Redis has thrown ${counted(look.evicted, 'key')} away for want of memory`]
      : []),
  ];
}

/** Forgets what the stack file says belongs to the undone future. Dead letters stay. */
export async function forgetCache(run: Run): Promise<void> {
  if (run.policy.forgetAfterRestore.length === 0) return;
  await run.change(
    'Forget what Redis cached',
    () => forgetCached(),
    ({ keys, deadLettersKept }) => `${counted(keys, 'key')}; ${counted(deadLettersKept, 'dead letter')} kept`,
  );
}
