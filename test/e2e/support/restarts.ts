import type { WorkflowHandle } from '@temporalio/client';
import type { RestartReport } from '../../../src/workflows/restart-service.ts';
import type { ProcedureResult } from '../../../src/workflows/steps/procedure.ts';
import { install, type Installation, schedulesOff } from './installation.ts';
import { start } from './runs.ts';

export type Restarted = ProcedureResult<RestartReport>;

/** An installation whose restarts are short, and as many as a test likes. */
export async function installForRestarts(name: string): Promise<Installation> {
  const hermes = await install(name, { rows: 1_000 });
  await hermes.writeStack({
    sections: {
      ...schedulesOff,
      scaling: { watch: '1s', drainWithin: '12s', restartsPerHour: 100 },
      compose: { project: hermes.project, services: { api: { startWithin: '20s' } } },
    },
  });
  await hermes.startWorker();
  return hermes;
}

let count = 0;
export function startRestart(
  { client }: Installation,
  input: Record<string, unknown>,
): Promise<WorkflowHandle> {
  count += 1;
  return start(client, 'restartService', `restart-${count}`, { by: 'chris', ...input });
}
