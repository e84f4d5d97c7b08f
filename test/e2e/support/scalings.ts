import type { WorkflowHandle } from '@temporalio/client';
import type { ScaleReport } from '../../../src/workflows/scale-service.ts';
import type { ProcedureResult } from '../../../src/workflows/steps/procedure.ts';
import { install, type Installation, schedulesOff } from './installation.ts';
import { start } from './runs.ts';
import type { ServiceState } from './service-state.ts';

export type Scaled = ProcedureResult<ScaleReport>;

/** An installation whose api is watched for a short time only after a scaling. */
export async function installForScalings(name: string): Promise<Installation> {
  const hermes = await install(name, { rows: 1_000 });
  await hermes.writeStack({
    sections: {
      ...schedulesOff,
      scaling: { watch: '2s', drainWithin: '20s' },
      compose: { project: hermes.project, services: { api: { startWithin: '20s' } } },
    },
  });
  await hermes.startWorker();
  return hermes;
}

let count = 0;
export function startScaling(
  { client }: Pick<Installation, 'client'>,
  replicas: unknown,
  input: Record<string, unknown> = {},
): Promise<WorkflowHandle> {
  count += 1;
  return start(client, 'scaleService', `scale-${count}`, { service: 'api', replicas, by: 'chris', ...input });
}

/** Scales the api, and waits until that is done. */
export async function scaled(hermes: Pick<Installation, 'client'>, replicas: number): Promise<Scaled> {
  return (await startScaling(hermes, replicas)).result();
}

/** The names of a service's containers, without the project before them. */
export function shortNames(
  { sandbox }: Pick<Installation, 'sandbox'>,
  { containers }: ServiceState,
): string[] {
  return containers.map(({ name }) => name.replace(`/${sandbox.project}`, ''));
}
