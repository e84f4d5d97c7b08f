import * as v from 'valibot';

/**
 * What is known of a procedure outside its workflow: its names, its words and its one input schema, which serves
 * the workflow's check, the command line's flags and the JSON Schema for editors alike.
 */
export interface ProcedureDefinition<Schema extends InputSchema = InputSchema> {
  /** The workflow type, as the Web UI's start form asks for it. */
  readonly workflowType: string;
  /** The same on the command line, and the key under `approvals` in the stack file. */
  readonly command: string;
  readonly title: string;
  /** The runbook's section that it carries out. */
  readonly runbook: string;
  readonly summary: string;
  readonly schema: Schema;
  /** A valid input, shown wherever a bad one is refused. */
  readonly example: v.InferInput<Schema>;
  /** The procedure changes something that customers or the next on-call engineer notice. */
  readonly changes: boolean;
  /** What the schedule adds to the input. */
  readonly scheduledInput?: Partial<v.InferInput<Schema>>;
}

export type InputSchema = v.GenericSchema<Record<string, unknown>, CommonInput>;

export const person = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, 'a name of 1 to 80 characters'),
  v.maxLength(80, 'a name of 1 to 80 characters'),
  v.description('Who asks for it: a name that colleagues know. It goes into the record.'),
);

export const reason = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(500, 'at most 500 characters'),
  v.description('Why, in one sentence. It goes into the record. No clients’ data.'),
);

/** The fields that every procedure takes. */
export const commonFields = {
  by: v.optional(person, 'somebody (no name given)'),
  reason: v.optional(reason, ''),
  dryRun: v.optional(
    v.pipe(v.boolean(), v.description('Show what would happen, and change nothing.')),
    false,
  ),
  onBusy: v.optional(
    v.pipe(
      v.picklist(['fail', 'queue'], '"fail" or "queue"'),
      v.description(
        'When another procedure holds the same resource: fail at once and say who, or wait in line.',
      ),
    ),
    'fail',
  ),
} as const;

export interface CommonInput {
  by: string;
  reason: string;
  dryRun: boolean;
  onBusy: 'fail' | 'queue';
}

/** Keeps the definition's exact schema type while checking its shape. */
export function defineProcedure<const Schema extends InputSchema>(
  definition: ProcedureDefinition<Schema>,
): ProcedureDefinition<Schema> {
  return definition;
}
