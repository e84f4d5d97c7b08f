import { Context } from '@temporalio/activity';
import type { Role } from '../../stack/compose.ts';
import type { Drained } from '../contract/containers.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { connectionsIn, customersOn } from './connections.ts';
import { inspectContainer } from './serving.ts';
import { nameOf } from './standing.ts';

const lookIntervalMs = 200;
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
    if (info?.State.Running !== true) return { waitedMs, left: 0 };
    const left = customersOn(await connectionsIn(setting, id), port);
    quiet = left === 0 ? quiet + 1 : 0;
    if (quiet >= quietInARow) return { waitedMs, left: 0 };
    if (waitedMs > drainWithinMs) return { waitedMs, left };
    if (left > 0) reportProgress(`${left} under way in ${nameOf(info)}`, waitedMs / drainWithinMs);
    await Context.current().sleep(lookIntervalMs);
  }
}
