import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/common';
import { withoutStack } from '../../problem.ts';

/** The message of the failure that began it: Temporal's wrappers ("Activity task failed") say nothing. */
export function rootMessage(error: unknown): string {
  const root = rootFailure(error);
  if (root instanceof TimeoutFailure) return `It took too long (${root.message}).`;
  return root instanceof Error ? root.message : String(root);
}

export function rootFailure(error: unknown): unknown {
  let current = error;
  while (
    (current instanceof ActivityFailure || current instanceof ChildWorkflowFailure) &&
    current.cause !== undefined
  ) {
    current = current.cause;
  }
  return current;
}

/** The failure that a workflow ends with: our own problem as it is, anything else wrapped in plain words. */
export function endingFailure(error: unknown, undone: string[]): ApplicationFailure {
  const root = rootFailure(error);
  const type = root instanceof ApplicationFailure ? (root.type ?? 'Failed') : 'Failed';
  const left = undone.length === 0 ? '' : ` The way back failed too; do by hand: ${undone.join('; ')}`;
  return withoutStack(
    ApplicationFailure.create({
      type,
      message: `${rootMessage(error)}${left}`,
      nonRetryable: true,
      ...(error instanceof Error ? { cause: error } : {}),
    }),
  );
}
