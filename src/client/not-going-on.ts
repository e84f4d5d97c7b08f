import { problem } from '../problem.ts';

/** For what only a run that still goes on can be told. */
export function notGoingOn(workflowId: string): Error {
  return problem('InvalidInput', {
    what: `${workflowId} does not go on: it has ended, or there is no run with that workflow id.`,
    next: 'List those that do: hermes-ops list --running',
  });
}
