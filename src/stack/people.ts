import * as v from 'valibot';
import { note, text, wholeNumber, yesOrNo } from './field.ts';
import { duration } from './quantity.ts';
import { secretReference } from './secrets.ts';
import { severity, type Severity } from './trouble.ts';

const name = (about: string) => v.pipe(text(about), v.maxLength(80, 'a name of at most 80 characters'));

/** How a contact is told. Every notice also goes to the notices file of the worker. */
export const channel = v.union(
  [
    v.strictObject({
      webhook: v.pipe(secretReference, v.description('An address that takes POST of {"text": …}.')),
    }),
    v.strictObject({ log: v.pipe(v.literal(true), v.description('Only the notices file.')) }),
  ],
  '{webhook: {env: NAME}} or {log: true}; a webhook’s address is a secret',
);

const contact = v.strictObject({
  name: name('How people call them. Escalation steps and approvals name them so.'),
  role: v.optional(note('What they are responsible for.'), ''),
  reach: v.optional(note('How a person reaches them.'), ''),
  availability: v.optional(note('When.'), ''),
  notify: v.optional(
    v.pipe(
      v.array(channel),
      v.description(
        'How they are told: {webhook: {env: NAME}} posts {"text": …}; {log: true} only writes it down.',
      ),
    ),
    [{ log: true }],
  ),
});

/** Runbook: Emergency Contacts. */
export const contacts = v.pipe(
  v.array(contact),
  v.description('People. Runbook: Emergency Contacts.'),
  v.check((people) => new Set(people.map((person) => person.name)).size === people.length, 'each name once'),
);

export const defaultContacts = [
  { name: 'Chris', role: 'Technical Lead', reach: 'clduab11', availability: '24/7 for P0 incidents' },
  { name: 'Supabase', role: 'Database', reach: 'support@supabase.com', availability: '24/7' },
  { name: 'OpenAI', role: 'OpenAI API', reach: 'https://status.openai.com', availability: 'Status page' },
  { name: 'Clio', role: 'Clio API', reach: 'https://status.clio.com', availability: 'Status page' },
  { name: 'Infrastructure', role: 'Cloud provider support', availability: '24/7' },
];

/** Contact after contact is told until one acknowledges. Runbook: Escalation. */
const escalationStep = v.pipe(
  v.strictObject({
    contact: name('The name of one of contacts.'),
    waitFor: v.optional(duration('How long they have before the next one is told.'), '5m'),
  }),
  v.transform(({ contact: who, waitFor }) => ({ contact: who, waitForMs: waitFor })),
);

const everyone: Severity[] = ['P0', 'P1', 'P2', 'P3'];

export const escalation = v.pipe(
  v.strictObject({
    restartWithin: v.optional(
      duration('An outage that the restart has not ended by then escalates to P0.'),
      '5m',
    ),
    steps: v.optional(v.pipe(v.array(escalationStep), v.description('Who is told, in this order.')), [
      { contact: 'Chris' },
      { contact: 'Infrastructure', waitFor: '15m' },
    ]),
    for: v.optional(v.pipe(v.array(severity), v.description('The severities that escalate.')), everyone),
  }),
  v.description('Whom to tell, one after another, until one acknowledges.'),
  v.transform(({ restartWithin, ...rest }) => ({ ...rest, restartWithinMs: restartWithin })),
);

/** Who must say yes before a step that can hurt. */
const asks = (when: string) =>
  v.optional(
    v.pipe(
      v.strictObject({
        required: v.optional(yesOrNo('Off, it goes on without asking.'), true),
        count: v.optional(wholeNumber('So many different people must approve.', 1, 5), 1),
        from: v.optional(
          v.pipe(
            v.array(name('A name as it stands in `by` of the answer.')),
            v.description('Who may answer. Empty: anyone.'),
          ),
          [],
        ),
        deadline: v.optional(duration('Silence is a no once this has passed.', { shortestMs: 1000 }), '60m'),
        remindAfter: v.optional(
          duration(
            'The next contact is told after each such wait. A quarter of deadline where it is left out.',
            {
              shortestMs: 1000,
            },
          ),
        ),
      }),
      v.forward(
        v.check(
          ({ count, from }) => from.length === 0 || new Set(from).size >= count,
          'at least as many names as count asks for',
        ),
        ['from'],
      ),
      v.description(when),
      v.transform(({ deadline, remindAfter, ...rest }) => ({
        ...rest,
        deadlineMs: deadline,
        remindAfterMs: remindAfter ?? Math.round(deadline / 4),
      })),
    ),
  );

/** What may ask for an approval; most are named for their procedure. */
export const approvals = v.pipe(
  v.strictObject({
    'restore-database': asks('Before a restore takes the place of the live database.'),
    'rollback-database': asks('Who may undo a restore. Of this one, only `from` counts.'),
    'restart-service': asks('Asked where this is written, and always for the database.'),
    'repeated-restart': asks('Before one restart more than scaling.restartsPerHour.'),
    'scale-service': asks('Asked where this is written.'),
    'resize-service': asks('Before limits above the bounds, or ones that may cost a restart.'),
    autoscale: asks('Before it scales beyond autoscaling.askAbove.'),
    'renew-certificate': asks('Before an order that is forced, or one that stops nginx.'),
    'install-certificate': asks(
      'Before a certificate that a person brings takes the place of the served one.',
    ),
  }),
  v.description('Who must say yes, by procedure. A step that can hurt asks unless it is turned off here.'),
);

export type ApprovalName = keyof v.InferOutput<typeof approvals>;
