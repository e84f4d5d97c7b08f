import { Context } from '@temporalio/activity';

/** The run that something was made for. Whatever a run makes carries this, so that a sweep can tell whose it is. */
export interface Owner {
  stack: string;
  procedure: string;
  workflowId: string;
  runId: string;
}

/** The owner of what the current activity makes. */
export function currentOwner(stack: string): Owner {
  const { workflowExecution, workflowType } = Context.current().info;
  if (workflowExecution === undefined || workflowType === undefined) {
    throw new TypeError('This activity belongs to a procedure: start it from a workflow.');
  }
  return {
    stack,
    procedure: workflowType,
    workflowId: workflowExecution.workflowId,
    runId: workflowExecution.runId,
  };
}

/** Eight characters that tell two runs apart in a name. */
export function shortRunId(runId: string): string {
  return runId.replaceAll('-', '').slice(-8);
}

const prefix = 'hermes-ops';

/** Container labels that say whose a container is. */
export function ownerLabels(owner: Owner, step: string): Record<string, string> {
  return {
    [`${prefix}.stack`]: owner.stack,
    [`${prefix}.procedure`]: owner.procedure,
    [`${prefix}.workflow`]: owner.workflowId,
    [`${prefix}.run`]: owner.runId,
    [`${prefix}.step`]: step,
  };
}

/** The owner that `labels` name, or undefined where this is not ours. */
export function ownerOfLabels(labels: Record<string, string>): Owner | undefined {
  const stack = labels[`${prefix}.stack`];
  const workflowId = labels[`${prefix}.workflow`];
  const runId = labels[`${prefix}.run`];
  if (stack === undefined || workflowId === undefined || runId === undefined) return undefined;
  return { stack, workflowId, runId, procedure: labels[`${prefix}.procedure`] ?? 'unknown' };
}
