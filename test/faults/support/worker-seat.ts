import type { WorkerProcess } from '../../../scripts/worker-process.ts';
import type { Installation } from '../../e2e/support/installation.ts';

/** The one place where a worker runs, and is replaced when it dies. */
export interface WorkerSeat {
  worker: WorkerProcess;
  /** SIGKILL, and a new one at once. */
  killAndStart(): Promise<void>;
}

export async function seatWorker(hermes: Installation): Promise<WorkerSeat> {
  const seat: WorkerSeat = {
    worker: await hermes.startWorker(),
    async killAndStart() {
      await seat.worker.kill();
      seat.worker = await hermes.startWorker();
    },
  };
  return seat;
}
