import colors from 'picocolors';
import { follow } from '../../src/cli/follow.ts';
import { startProcedure } from '../../src/client/start-procedure.ts';
import type { ProcedureDefinition } from '../../src/procedures/definition.ts';
import { say } from '../show.ts';
import type { Ground } from './ground.ts';

/** Starts a procedure and says where it can be seen. Returns its workflow id. */
export async function begin(
  { client, taskQueue, uiUrl, namespace }: Ground,
  what: string,
  definition: ProcedureDefinition,
  input: Record<string, unknown>,
): Promise<string> {
  title(what);
  const { workflowId, runId } = await startProcedure(client, definition, input, { taskQueue });
  if (uiUrl !== undefined)
    say(colors.dim(`${uiUrl}/namespaces/${namespace}/workflows/${workflowId}/${runId}`));
  return workflowId;
}

/** Shows a run until it has ended. Throws an Error when it did not end well. */
export async function untilDone({ client }: Ground, workflowId: string, since = ''): Promise<void> {
  const exitCode = await follow(client, workflowId, { json: false, since });
  if (exitCode !== 0) throw new Error(`${workflowId} did not end well: see above.`);
}

export function title(text: string): void {
  say(`\n${colors.bold(colors.cyan(`— ${text}`))}`);
}
