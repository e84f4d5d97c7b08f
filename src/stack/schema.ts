import * as v from 'valibot';
import { autoscaling } from './autoscaling.ts';
import { certificates } from './certificates.ts';
import { compose } from './compose.ts';
import { backups, database, restore } from './database.ts';
import { text } from './field.ts';
import { stackName } from './names.ts';
import { approvals, contacts, defaultContacts, escalation } from './people.ts';
import { scaling } from './scaling.ts';
import { schedules } from './schedules.ts';
import { cache, proxy, service } from './service.ts';
import { severities, thresholds } from './trouble.ts';

const records = v.pipe(
  v.strictObject({
    directory: v.optional(
      text('A folder on the worker’s machine. Left out, `records` in its state directory.'),
    ),
  }),
  v.description('Where the written records go.'),
);

const temporal = v.pipe(
  v.strictObject({
    taskQueue: v.optional(text('The task queue that this stack’s worker serves.'), 'hermes-ops'),
  }),
  v.description('Where the procedures run.'),
);

const keys = v.strictObject({
  $schema: v.optional(text('The JSON Schema of this file, for editors.')),
  stack: v.optional(
    v.pipe(stackName, v.description('The name of what is operated: in lists, locks and records.')),
    'hermes',
  ),
  compose: v.optional(compose, {}),
  database: v.optional(database, {}),
  backups: v.optional(backups, {}),
  restore: v.optional(restore, {}),
  records: v.optional(records, {}),
  service: v.optional(service, {}),
  cache: v.optional(cache, {}),
  proxy: v.optional(proxy, {}),
  certificates: v.optional(certificates, {}),
  thresholds: v.optional(thresholds, {}),
  severities: v.optional(severities, {}),
  contacts: v.optional(contacts, defaultContacts),
  escalation: v.optional(escalation, {}),
  approvals: v.optional(approvals, { 'restore-database': {} }),
  schedules: v.optional(schedules, {}),
  scaling: v.optional(scaling, {}),
  autoscaling: v.optional(autoscaling, {}),
  temporal: v.optional(temporal, {}),
});

/** The whole stack file. Every key has HERMES's value as its default: an empty file is a valid one. */
export const stackSchema = v.pipe(
  keys,
  v.title('hermes-ops stack file'),
  v.description('What is operated, and what counts as trouble.'),
  // A step for somebody who is not listed would tell nobody, in silence.
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const stack = dataset.value;
    const known = stack.contacts.map(({ name }) => name);
    stack.escalation.steps.forEach((step, index) => {
      if (known.includes(step.contact)) return;
      addIssue({
        message: `one of contacts: ${known.join(', ')}`,
        input: step.contact,
        path: [
          {
            type: 'object',
            origin: 'value',
            input: { ...stack },
            key: 'escalation',
            value: stack.escalation,
          },
          {
            type: 'object',
            origin: 'value',
            input: stack.escalation,
            key: 'steps',
            value: stack.escalation.steps,
          },
          { type: 'array', origin: 'value', input: stack.escalation.steps, key: index, value: step },
          { type: 'object', origin: 'value', input: { ...step }, key: 'contact', value: step.contact },
        ],
      });
    });
  }),
);

export type Stack = v.InferOutput<typeof stackSchema>;
