import * as v from 'valibot';
import { duration } from './quantity.ts';
import { secretReference } from './secrets.ts';
import { severity, type Severity } from './trouble.ts';

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(80));

/** How a contact is told. Every notice also goes to the notices file of the worker. */
const channel = v.union(
  [v.strictObject({ webhook: secretReference }), v.strictObject({ log: v.literal(true) })],
  '{webhook: {env: NAME}} or {log: true}',
);

const contact = v.strictObject({
  name,
  role: v.optional(v.string(), ''),
  reach: v.optional(v.string(), ''),
  availability: v.optional(v.string(), ''),
  notify: v.optional(v.array(channel), [{ log: true }]),
});

/** Runbook: Emergency Contacts. */
export const contacts = v.array(contact);

export const defaultContacts = [
  { name: 'Chris', role: 'Technical Lead', reach: 'clduab11', availability: '24/7 for P0 incidents' },
  { name: 'Supabase', role: 'Database', reach: 'support@supabase.com', availability: '24/7' },
  { name: 'OpenAI', role: 'OpenAI API', reach: 'https://status.openai.com', availability: 'Status page' },
  { name: 'Clio', role: 'Clio API', reach: 'https://status.clio.com', availability: 'Status page' },
  { name: 'Infrastructure', role: 'Cloud provider support', availability: '24/7' },
];

/** Contact after contact is told until one acknowledges. Runbook: Escalation. */
const escalationStep = v.pipe(
  v.strictObject({ contact: name, waitFor: v.optional(duration, '5m') }),
  v.transform(({ contact: who, waitFor }) => ({ contact: who, waitForMs: waitFor })),
);

const everyone: Severity[] = ['P0', 'P1', 'P2', 'P3'];

export const escalation = v.strictObject({
  restartWithin: v.optional(
    v.pipe(duration, v.description('An outage that the restart has not ended by then escalates to P0.')),
    '5m',
  ),
  steps: v.optional(v.array(escalationStep), [
    { contact: 'Chris' },
    { contact: 'Infrastructure', waitFor: '15m' },
  ]),
  for: v.optional(v.array(severity), everyone),
});

/** Who must say yes before a step that can hurt. */
const approval = v.pipe(
  v.strictObject({
    required: v.optional(v.boolean(), true),
    count: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5)), 1),
    from: v.optional(v.array(name), []),
    deadline: v.optional(duration, '60m'),
    remindAfter: v.optional(duration, '15m'),
  }),
  v.transform(({ deadline, remindAfter, ...rest }) => ({
    ...rest,
    deadlineMs: deadline,
    remindAfterMs: remindAfter,
  })),
);

export const approvals = v.record(
  v.pipe(v.string(), v.regex(/^[a-z]+(?:-[a-z]+)*$/, 'a procedure such as restore-database')),
  approval,
);
