import type { Role } from '../../stack/compose.ts';
import type { SeenTarget } from '../contract/containers.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { presentContainer, stopGently } from './copies.ts';
import type { Inspected } from './copy/copy-of.ts';
import { engineChange, unlessGone } from './engine.ts';
import { recordRestart } from './service-record.ts';
import { untilServing } from './serving.ts';
import { nameOf } from './standing.ts';

export interface InPlace {
  container: Inspected;
  exitCode: number | null;
  killed: boolean;
}

/**
 * Stops and starts the container that the plan saw, and waits until it answers. One that was started since then is
 * only waited for: an earlier attempt, or somebody else, has restarted it.
 */
export async function restartInPlace(
  setting: Setting,
  role: Role,
  { service, id, startedAt }: SeenTarget,
): Promise<InPlace> {
  const info = await presentContainer(setting, id);
  const isDone = info.State.Running && info.State.StartedAt !== startedAt;
  const stopped = isDone ? { exitCode: null, killed: false } : await stopGently(setting, role, info);
  if (!isDone) {
    await startContainer(setting, info);
    await recordRestart(setting, service, new Date());
  }
  return { container: await untilServing(setting, role, id), ...stopped };
}

/** Starts a container. Started already is success. */
export async function startContainer({ docker }: Setting, info: Inspected): Promise<void> {
  reportProgress(`Starting ${nameOf(info)}`);
  await engineChange(`Starting ${nameOf(info)}`, () =>
    unlessGone(() => docker.getContainer(info.Id).start()),
  );
}
