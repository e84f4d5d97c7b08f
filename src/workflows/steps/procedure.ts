import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  isCancellation,
  proxyActivities,
  setDefaultSignalHandler,
  setHandler,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { InferOutput } from 'valibot';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import type { StackActivities } from '../../activities/contract/runs.ts';
import { problem, problemTypeOf } from '../../problem.ts';
import type { InputSchema, ProcedureDefinition } from '../../procedures/definition.ts';
import { parseInput } from '../../procedures/parse-input.ts';
import { verbDescriptions, verbs } from './answer.ts';
import { nowIso } from './clock.ts';
import { underTitle } from './current-step.ts';
import { endingFailure, rootMessage } from './failure-text.ts';
import { quickLook, tell } from './policies.ts';
import { PlanOnly, Run } from './run.ts';
import type { OutcomeName, RunStatus, TimelineEntry } from './status.ts';

const { readPolicy } = proxyActivities<StackActivities>(quickLook);
const { writeRecord } = proxyActivities<StackActivities>(tell);

export const statusQuery = defineQuery<RunStatus>('status');
export const supersededSignal = defineSignal<[by: string]>('superseded');
export const timelineQuery = defineQuery<TimelineEntry[]>('timeline');

/** How a procedure ended, when it did not fail. */
export interface ProcedureResult<Report> {
  outcome: OutcomeName;
  /** One sentence for a person. */
  summary: string;
  report?: Report;
  /** What a dry run would have done. */
  plan?: { lines: string[]; content: unknown };
}

export interface Ending<Report> {
  outcome?: OutcomeName;
  summary: string;
  report: Report;
}

/**
 * Runs a procedure: checks its input, reads the stack's policy, answers queries and people, takes the way back when
 * something fails or is cancelled, and writes the record. Throws a failure in plain words when the procedure failed.
 */
export async function procedure<Schema extends InputSchema, Report>(
  definition: ProcedureDefinition<Schema>,
  raw: unknown,
  body: (run: Run, input: InferOutput<Schema>) => Promise<Ending<Report>>,
): Promise<ProcedureResult<Report>> {
  const input = parseInput(definition, raw);
  const policy = await underTitle('Read the stack file', () => readPolicy({ procedure: definition.command }));
  const run = new Run(definition, input, policy);
  upsertSearchAttributes([
    { key: searchAttributes.Stack, value: policy.stack },
    { key: searchAttributes.Procedure, value: definition.command },
    { key: searchAttributes.Phase, value: 'looking' },
  ]);
  answerPeople(run);
  try {
    const ending = await body(run, input);
    return await finish(run, { outcome: 'done', ...ending });
  } catch (error) {
    return await finishEarly<Report>(run, error);
  } finally {
    // An answer that is being taken must not be lost with the run.
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

function answerPeople(run: Run): void {
  setHandler(statusQuery, () => run.status, {
    description: 'Where this run is, what it waits for, and how to answer.',
  });
  setHandler(timelineQuery, () => run.timeline, { description: 'What happened so far, times in UTC.' });
  for (const verb of verbs) {
    const description = verbDescriptions[verb];
    setHandler(defineSignal<[unknown]>(verb), (raw) => run.desk.takeSignal(verb, raw), { description });
    setHandler(defineUpdate<string, [unknown]>(verb), (raw) => run.desk.takeUpdate(verb, raw), {
      description,
      validator: (raw) => {
        const refusal = run.desk.updateRefusal(verb, raw);
        if (refusal !== undefined) throw problem('InvalidInput', { what: refusal });
      },
    });
  }
  setHandler(supersededSignal, (by) => run.desk.supersede('keep', by), {
    description: 'Sent by a later restore: the undo window of this one ends.',
  });
  setDefaultSignalHandler((name) => run.note(`Signal ${name} is not one that this procedure takes.`));
}

/** Rejected, planned, cancelled or failed: the way back is taken, the record written, in any case. */
async function finishEarly<Report>(run: Run, error: unknown): Promise<ProcedureResult<Report>> {
  if (error instanceof PlanOnly) {
    run.end('planned');
    return { outcome: 'planned', summary: 'A dry run: nothing was changed.', plan: run.currentPlan };
  }
  run.enter('undoing');
  const undone = await run.wayBack.take((title, act) => run.step(title, act));
  const type = problemTypeOf(error);
  if (undone.length === 0 && (type === 'Rejected' || type === 'NotApproved')) {
    return finish(run, {
      outcome: type === 'Rejected' ? 'rejected' : 'not-approved',
      summary: rootMessage(error),
    });
  }
  const outcome = isCancellation(error) && undone.length === 0 ? 'cancelled' : 'failed';
  await finish(run, {
    outcome,
    summary: outcome === 'cancelled' ? 'Cancelled; what was done was undone.' : rootMessage(error),
  });
  throw outcome === 'cancelled' ? error : endingFailure(error, undone);
}

async function finish<Report>(run: Run, result: ProcedureResult<Report>): Promise<ProcedureResult<Report>> {
  await CancellationScope.nonCancellable(async () => {
    await run.unlockAll();
    run.note(`Ended: ${result.outcome}. ${result.summary}`);
    if (run.keepsRecord) await writeTheRecord(run, result);
    run.end(result.outcome);
  });
  return result;
}

async function writeTheRecord<Report>(run: Run, result: ProcedureResult<Report>): Promise<void> {
  try {
    await underTitle('Write the record', () => writeRecord(recordOf(run, result)));
  } catch (error) {
    run.note(`The record could not be written: ${rootMessage(error)}`);
  }
}

function recordOf<Report>(run: Run, { outcome, summary, report }: ProcedureResult<Report>) {
  const { title, workflowType, by, reason, startedAt } = run.status;
  return {
    procedure: workflowType,
    title,
    outcome,
    summary,
    startedAt,
    endedAt: nowIso(),
    by,
    reason,
    timeline: run.timeline,
    report: report ?? null,
  };
}
