import { proxyActivities } from '@temporalio/workflow';
import type { CacheActivities, SavedCache } from '../../activities/contract/cache.ts';
import type {
  Restarted,
  SeenContainer,
  ServiceContainerActivities,
  ServiceLook,
} from '../../activities/contract/containers.ts';
import type { DatabaseActivities } from '../../activities/contract/database.ts';
import { problem } from '../../problem.ts';
import { awaitServing } from './await-serving.ts';
import { shortChange } from './policies.ts';
import { seeEachAsked } from './proxied.ts';
import type { Run } from './run.ts';
import { counted, grouped } from './words.ts';

const { ensureStarted, restartContainer } = proxyActivities<ServiceContainerActivities>(shortChange);
const { saveCache } = proxyActivities<CacheActivities>(shortChange);
const { checkpointDatabase } = proxyActivities<DatabaseActivities>(shortChange);

/** Stops and starts each container. What keeps data is made safe before, and looked at afterwards. */
export async function restartInPlace(
  run: Run,
  look: ServiceLook,
  /** Redis did not answer, and a person said that it is restarted all the same. */
  isUnsaved: boolean,
): Promise<{ containers: SeenContainer[]; cut: number; killed: string[] }> {
  const { service, role } = look;
  const saved = role === 'cache' && !isUnsaved ? await save(run, 'Let Redis save what it has') : undefined;
  if (role === 'database')
    await run.change('Let PostgreSQL write everything out', () => checkpointDatabase());

  // -- customers notice from here --
  const restarted: Restarted[] = [];
  for (const { id, startedAt, name } of look.containers) {
    run.onFailure(`Start ${name}, if it is stopped`, () => ensureStarted({ service, id }));
    restarted.push(
      await run.change(
        `Restart ${name}`,
        () => restartContainer({ service, id, startedAt }),
        ({ killed }) => (killed ? 'it answers; the old process had to be killed' : 'it answers'),
      ),
    );
  }
  const containers = restarted.map(({ container }) => container);
  if (role === 'database') await awaitServing(run, new Date(Date.now()).toISOString());
  if (role === 'api')
    await seeEachAsked(
      run,
      service,
      containers.map(({ id }) => id),
    );
  // -- to here --

  if (saved !== undefined) assertKept(saved, await save(run, 'See what Redis has now'));
  run.wayBack.forgetAll();
  const killed = restarted.filter((one) => one.killed).map(({ container }) => container.name);
  return { containers, cut: 0, killed };
}

function save(run: Run, title: string): Promise<SavedCache> {
  return run.change(
    title,
    () => saveCache(),
    ({ keys, deadLetters, evictionPolicy }) =>
      `${counted(keys, 'key')}, ${grouped(deadLetters)} of them dead letters; when memory ends: ${evictionPolicy}`,
  );
}

/** A dead letter that is gone is a client's matter that nobody will file. */
function assertKept(before: SavedCache, after: SavedCache): void {
  const lost = before.deadLetters - after.deadLetters;
  if (lost > 0) {
    throw problem('VerificationFailed', {
      what: `Redis had ${grouped(before.deadLetters)} dead letters before its restart and has ${grouped(after.deadLetters)} now.`,
      state: 'It serves. Some may have been taken out and handled meanwhile.',
      next: 'Compare them with the record of what was retried.',
    });
  }
  if (before.evictionPolicy === after.evictionPolicy) return;
  throw problem('VerificationFailed', {
    what: `Redis threw keys away by ${before.evictionPolicy} before its restart and does by ${after.evictionPolicy} now.`,
    state: 'It serves.',
    next: 'Set maxmemory-policy in its configuration: what is only set while it runs is lost by a restart.',
  });
}
