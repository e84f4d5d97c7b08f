import { world } from '../unit/workflows/fakes.ts';
import { cancelAsking } from '../unit/workflows/time-skipping.ts';
import { approve, failing, firstThen, inUndoWindow, planIn, type Recording } from './recording.ts';

export const restore = { workflowType: 'restoreDatabase', input: { backup: 'latest', by: 'chris' } };

export const restoreRecordings: Recording[] = [
  { ...restore, file: 'restore-database.planned', input: { backup: 'latest', dryRun: true } },
  { ...restore, file: 'restore-database.not-approved' },
  {
    ...restore,
    file: 'restore-database.rejected',
    act: async (handle) =>
      handle.signal('reject', { by: 'dana', plan: await planIn(handle, 'waiting-for-answer') }),
  },
  { ...restore, file: 'restore-database.window-passed', act: approve },
  { ...restore, file: 'restore-database.kept', act: inUndoWindow('keep') },
  { ...restore, file: 'restore-database.rolled-back', act: inUndoWindow('rollback') },
  {
    ...restore,
    file: 'restore-database.read-only',
    input: { backup: 'latest', fence: 'read-only' },
    act: approve,
  },
  { ...restore, file: 'restore-database.stopped', input: { backup: 'latest', fence: 'stop' }, act: approve },
  {
    ...restore,
    file: 'restore-database.verification-failed',
    scene: world({ verifyShadow: failing('VerificationFailed') }),
    act: approve,
  },
  {
    ...restore,
    file: 'restore-database.swapped-back',
    scene: world({ smokeTest: failing('SmokeTestFailed') }),
    act: approve,
  },
  {
    ...restore,
    file: 'restore-database.restarted',
    scene: world({
      awaitReconnection: firstThen({ reconnected: false, afterMs: 1 }, { reconnected: true, afterMs: 1 }),
    }),
    act: approve,
  },
  {
    ...restore,
    file: 'restore-database.cancelled',
    act: cancelAsking,
  },
];
