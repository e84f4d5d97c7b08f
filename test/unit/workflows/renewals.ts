import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RenewalReport } from '../../../src/workflows/renew-certificate.ts';
import type { ProcedureResult } from '../../../src/workflows/steps/procedure.ts';
import { ending } from './certificate-fakes.ts';
import type { World, world } from './fakes.ts';
import { realRuns, type TimeSkipping } from './time-skipping.ts';

export type Renewed = ProcedureResult<RenewalReport>;
type Changed = Parameters<typeof world>[0];
let count = 0;

/** What tests of certificates ask of the server whose time is skipped. */
export interface Renewals {
  /** The time of the server: the certificate's days pass with it. */
  now(): Promise<number>;
  /** Looks at a certificate that has so many days left. */
  due(left?: number): NonNullable<Changed>;
  renewing<T>(
    scene: World,
    act: (handle: WorkflowHandle) => Promise<T>,
    input?: Record<string, unknown>,
    workflowType?: string,
  ): Promise<T>;
}

export function renewalsOf(temporal: () => TimeSkipping): Renewals {
  const now = (): Promise<number> => temporal().environment.currentTimeMs().then(Number);
  return {
    now,
    due: (left = 10) => ({ lookAtCertificates: ending(left, now) }),
    async renewing(scene, act, input = { by: 'chris' }, workflowType = 'renewCertificate') {
      const { client, serve, start } = temporal();
      count += 1;
      return serve({ ...scene.activities, ...realRuns(client) }, async () =>
        act(await start(workflowType, `renew-${count}`, [input])),
      );
    },
  };
}

export const toEnd = (handle: WorkflowHandle): Promise<Renewed> => handle.result() as Promise<Renewed>;

export const failing =
  (type: string, message: string = type) =>
  async (): Promise<never> => {
    throw ApplicationFailure.nonRetryable(message, type);
  };
