import type { WorkflowHandle } from '@temporalio/client';
import { type Content, contentOf } from './content.ts';
import type { Ground } from './ground.ts';
import { journalOf, leftovers } from './leftovers.ts';

/** How a run has ended, and what it has left: all that must be as it should, whatever happened on the way. */
export interface EndState {
  /** Temporal's word. */
  state: string;
  outcome: string | undefined;
  /** What the run did to the live database, by the server's own journal. */
  journal: string[];
  content: 'as in the backup' | 'as before' | Content;
  doneTwice: string[];
  leftovers: string[];
}

/** Restored, kept, nothing left. */
export const restoredOnce: EndState = {
  state: 'COMPLETED',
  outcome: 'done',
  journal: ['swap'],
  content: 'as in the backup',
  doneTwice: [],
  leftovers: [],
};

/** Cancelled before anything was exchanged. */
export const cancelledUnchanged: EndState = {
  state: 'CANCELLED',
  outcome: undefined,
  journal: [],
  content: 'as before',
  doneTwice: [],
  leftovers: [],
};

/** Waits for the run's end and looks at everything. `kept` are databases that are meant to be there. */
export async function endStateOf(
  ground: Ground,
  handle: WorkflowHandle,
  { kept = [] }: { kept?: string[] } = {},
): Promise<EndState> {
  const { hermes, ledger } = ground;
  const result: unknown = await handle.result().catch(() => undefined);
  const { status, runId } = await handle.describe();
  return {
    state: status.name,
    outcome: outcomeIn(result),
    journal: await journalOf(hermes, runId),
    content: named(ground, await contentOf(hermes)),
    doneTwice: ledger.twice(),
    leftovers: await leftovers(hermes, { kept }),
  };
}

function outcomeIn(result: unknown): string | undefined {
  if (typeof result !== 'object' || result === null || !('outcome' in result)) return undefined;
  return typeof result.outcome === 'string' ? result.outcome : undefined;
}

function named({ backedUp, changed }: Ground, content: Content): EndState['content'] {
  if (JSON.stringify(content) === JSON.stringify(backedUp)) return 'as in the backup';
  return JSON.stringify(content) === JSON.stringify(changed) ? 'as before' : content;
}
