import { Context } from '@temporalio/activity';
import type { Role } from '../../stack/compose.ts';
import type { Drained } from '../contract/containers.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { connectionsIn, customersOn } from './connections.ts';
import type { Inspected } from './copy/copy-of.ts';
import { engineStatus } from './engine.ts';
import { inspectContainer } from './serving.ts';
import { nameOf } from './standing.ts';

const lookIntervalMs = 200;
/** What is still open after this long is a stream: a look is a process in the container, which takes CPU from customers. */
const streamAfterMs = 1_000;
const streamLookIntervalMs = 1_000;
/** A worker of the proxy that ends may still pass on what it had taken in. */
const quietInARow = 3;

/** Waits until no customer's connection is open in a container, for the stack file's limit at most. */
export async function drained(setting: Setting, role: Role, id: string): Promise<Drained> {
  const { drainWithinMs } = setting.stack.scaling;
  const { port } = setting.stack.compose.services[role];
  const startedMs = Date.now();
  for (let quiet = 0; ;) {
    const info = await inspectContainer(setting, id);
    const waitedMs = Date.now() - startedMs;
    // One that is paused answers nobody, and cannot be looked into.
    if (info?.State.Running !== true || info.State.Paused) return { waitedMs, left: 0 };
    const left = await underWay(setting, info, port);
    quiet = left === 0 ? quiet + 1 : 0;
    if (quiet >= quietInARow) return { waitedMs, left: 0 };
    if (waitedMs > drainWithinMs) return { waitedMs, left };
    if (left > 0) reportProgress(`${left} under way in ${nameOf(info)}`, waitedMs / drainWithinMs);
    const isStream = left > 0 && waitedMs >= streamAfterMs;
    await Context.current().sleep(isStream ? streamLookIntervalMs : lookIntervalMs);
  }
}

async function underWay(setting: Setting, { Id }: Inspected, port: number): Promise<number> {
  try {
    return customersOn(await connectionsIn(setting, Id), port);
  } catch (error) {
    // 409: it stopped at this moment, which the next look sees.
    if (engineStatus(error) === 409) return 1;
    throw error;
  }
}
