import { type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import type { World } from './fakes.ts';
import { realRuns, type TimeSkipping } from './time-skipping.ts';

let count = 0;

/** What runs one procedure of the service `api` in a scene while `act` follows it. */
export function runnerOn(temporal: () => TimeSkipping) {
  return async <T>(
    scene: World,
    workflowType: string,
    input: Record<string, unknown>,
    act: (handle: WorkflowHandle) => Promise<T>,
  ): Promise<T> => {
    const { client, serve, start } = temporal();
    count += 1;
    return serve({ ...scene.activities, ...realRuns(client) }, async () =>
      act(await start(workflowType, `service-${count}`, [{ service: 'api', by: 'chris', ...input }])),
    );
  };
}

/** How it ended: its result, or its failure. */
export const ended = (handle: WorkflowHandle): Promise<unknown> =>
  handle.result().catch((error: unknown) => (error instanceof WorkflowFailedError ? error.cause : error));

/** The activities that changed something, in order. */
export const changing = ({ calls }: World): string[] =>
  calls.filter((name) =>
    /^(start|announce|restart|replace|remove|steer|pin|free|keep|forget|settle|ensure)/.test(name),
  );
