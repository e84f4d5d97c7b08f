import type { KillMatrixProcedure } from '../../scripts/kill-matrix/request.ts';
import { answer } from '../faults/support/answers.ts';
import { changedSince, inBackup } from '../faults/support/content.ts';
import { type EndState, restoredOnce } from '../faults/support/end-state.ts';
import type { Ground, Started } from '../faults/support/ground.ts';
import { type HistoryEvent, isOfSignal } from '../faults/support/history.ts';

/** A run with the answers that it gets, where its worker may be killed, and how it must end. */
export interface Course {
  start(ground: Ground): Promise<Started>;
  answers(ground: Ground, handle: Started): Promise<unknown>;
  /** The first event after which its worker is killed. */
  from?: (event: HistoryEvent) => boolean;
  ends: EndState;
  /** What a customer sees, in this order. */
  seen: string[];
}

const asBefore: Pick<EndState, 'journal' | 'content'> = { journal: [], content: 'as before' };

export const courses: Record<KillMatrixProcedure, Course> = {
  backup: {
    start: (ground) => ground.start('backupDatabase', {}),
    answers: () => Promise.resolve(),
    ends: { ...restoredOnce, ...asBefore },
    seen: [changedSince],
  },
  restore: {
    start: (ground) => ground.restore(),
    async answers({ hermes }, handle) {
      await answer(hermes.client, handle, 'approve');
      await answer(hermes.client, handle, 'keep');
    },
    ends: restoredOnce,
    seen: [changedSince, inBackup],
  },
  rollback: {
    start: (ground) => ground.restore(),
    async answers({ hermes }, handle) {
      await answer(hermes.client, handle, 'approve');
      await answer(hermes.client, handle, 'rollback');
    },
    from: (event) => isOfSignal(event, 'rollback'),
    ends: {
      ...restoredOnce,
      outcome: 'rolled-back',
      journal: ['swap', 'swap-back'],
      content: 'as before',
    },
    seen: [changedSince, inBackup, changedSince],
  },
};
