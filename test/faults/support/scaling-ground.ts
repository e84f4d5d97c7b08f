import type { ProcedureResult } from '../../../src/workflows/steps/procedure.ts';
import { install, type Installation, schedulesOff } from '../../e2e/support/installation.ts';
import type { ServiceState } from '../../e2e/support/service-state.ts';
import { startTraffic, type TrafficResult } from '../../e2e/support/traffic.ts';
import { killAtEveryEvent, type KillOptions } from './kill-at-events.ts';
import { isScheduled } from './reset.ts';
import { seatWorker, type WorkerSeat } from './worker-seat.ts';

/** A worker starts anew every other second beside it, on two cores. */
const load = { requestsPerSecond: 10, streamsPerSecond: 0.5 };
const workflowTaskTimeout = '3s';

/** An installation whose api is restarted and scaled, under load, while its worker dies again and again. */
export interface ScalingGround {
  hermes: Installation;
  /** Runs a procedure of the api that is disturbed after each of the events, and counts what customers notice. */
  disturbed: <Report>(
    workflowType: string,
    input: object,
    options?: KillOptions & { killAndStart?: WorkerSeat['killAndStart'] },
  ) => Promise<{ result: ProcedureResult<Report>; seen: TrafficResult }>;
  /** The containers' names without the project's. */
  names: (state: ServiceState) => string[];
  close: () => Promise<void>;
}

/** `variables` are the worker's own. */
export async function layScalingGround(
  name: string,
  variablesOf: (hermes: Installation) => Promise<Record<string, string>> = () => Promise.resolve({}),
): Promise<ScalingGround> {
  const hermes = await install(name, { rows: 500 });
  const scaling = { watch: '1s', drainWithin: '20s', restartsPerHour: 100 };
  await hermes.writeStack({ sections: { ...schedulesOff, scaling } });
  Object.assign(hermes.variables, await variablesOf(hermes));
  const seat = await seatWorker(hermes);
  return {
    hermes,
    names: ({ containers }) => containers.map((one) => one.name.replace(`/${hermes.project}`, '')),
    close: () => hermes.close(),
    async disturbed<Report>(
      workflowType: string,
      input: object,
      { killAndStart = seat.killAndStart, ...when }: KillOptions & Partial<WorkerSeat> = {},
    ) {
      const startedAtMs = Date.now();
      const traffic = await startTraffic(hermes.sandbox, load);
      const handle = await hermes.client.workflow.start(workflowType, {
        workflowId: `${workflowType}-${startedAtMs}`,
        taskQueue: hermes.taskQueue,
        workflowTaskTimeout,
        args: [{ service: 'api', by: 'chris', ...input }],
      });
      const run = { workflowId: handle.workflowId, runId: handle.firstExecutionRunId };
      const kills = await killAtEveryEvent(hermes.client, run, { killAndStart }, when);
      const result = (await handle.result()) as ProcedureResult<Report>;
      const seen = await traffic.stop();
      const seconds = Math.round((Date.now() - startedAtMs) / 1000);
      process.stdout.write(`${workflowType}: ${kills.length} times in ${seconds} s\n`);
      return { result, seen };
    },
  };
}

/** The moments at which something is about to be done. */
export function at(...activities: string[]): KillOptions {
  const isOne = activities.map(isScheduled);
  return { at: (event) => isOne.some((is) => is(event)) };
}
