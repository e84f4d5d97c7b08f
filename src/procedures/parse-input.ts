import * as v from 'valibot';
import { problem } from '../problem.ts';
import type { InputSchema, ProcedureDefinition } from './definition.ts';

/**
 * Checks what a person or a program sent as a procedure's input. Nothing at all counts as `{}`.
 * Throws InvalidInput, which names each bad field, what came, what is expected, and shows a valid example.
 */
export function parseInput<Schema extends InputSchema>(
  definition: ProcedureDefinition<Schema>,
  raw: unknown,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(definition.schema, raw ?? {});
  if (parsed.success) return parsed.output;
  // To the schema, a list and bytes are objects with odd fields.
  const fields =
    Array.isArray(raw) || ArrayBuffer.isView(raw)
      ? [`expected one JSON object, got ${show(raw)}`]
      : parsed.issues.slice(0, 10).map((issue) => describeIssue(issue, definition.schema));
  throw problem('InvalidInput', {
    what: `The input of ${definition.workflowType} is not valid: ${fields.join('; ')}.`,
    state: 'Nothing was started.',
    next: `A valid input: ${JSON.stringify(definition.example)}`,
  });
}

function describeIssue(issue: v.BaseIssue<unknown>, schema: InputSchema): string {
  const path = v.getDotPath(issue);
  // A check of several fields together has words of its own.
  if (path === null && issue.type === 'check') return issue.message;
  if (path === null) return `expected one JSON object, got ${show(issue.input)}`;
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    return `\`${path}\` is not a field; the fields are ${fieldsOf(schema).join(', ')}`;
  }
  if (issue.received === 'undefined')
    return `\`${path}\` is missing: expected ${expectation(issueOfNothing(schema, path) ?? issue)}`;
  return `\`${path}\` is ${show(issue.input)}: expected ${expectation(issue)}`;
}

/** A message of our own says what is expected; valibot's own starts with "Invalid". */
function expectation(issue: v.BaseIssue<unknown>): string {
  return issue.message.startsWith('Invalid ') ? (issue.expected ?? issue.message) : issue.message;
}

/** A missing field's own issue knows only its name; what its schema says of nothing at all says what is expected. */
function issueOfNothing(schema: InputSchema, field: string): v.BaseIssue<unknown> | undefined {
  if (!('entries' in schema) || typeof schema.entries !== 'object' || schema.entries === null)
    return undefined;
  const entry = Object.entries(schema.entries).find(([name]) => name === field)?.[1];
  return isSchema(entry) ? v.safeParse(entry, undefined).issues?.[0] : undefined;
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'schema';
}

export function fieldsOf(schema: InputSchema): string[] {
  return 'entries' in schema && typeof schema.entries === 'object' && schema.entries !== null
    ? Object.keys(schema.entries)
    : [];
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const shown = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return `${shown} (${value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value})`;
}
