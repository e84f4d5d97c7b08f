import * as v from 'valibot';
import { person, reason } from '../../procedures/definition.ts';

export const verbs = ['approve', 'reject', 'rollback', 'keep'] as const;
export type Verb = (typeof verbs)[number];

export const verbDescriptions: Record<Verb, string> = {
  approve: 'Lets the step go on that waits for approval. Send {"by": "your name", "plan": "the hash shown"}.',
  reject:
    'Ends the procedure before it changes anything. Send {"by": "your name", "plan": "the hash shown", "reason": "why"}.',
  rollback:
    'Undoes what was done, within the undo window. Send {"by": "your name", "plan": "the hash shown", "reason": "why"}.',
  keep: 'Ends the undo window: the change stays and the way back is removed. Send {"by": "your name", "plan": "the hash shown"}.',
};

export interface Answer {
  verb: Verb;
  by: string;
  reason: string;
  plan: string;
  /** ISO time. */
  at: string;
}

const answerSchema = v.object({
  by: person,
  reason: v.optional(reason, ''),
  plan: v.pipe(v.string(), v.trim(), v.minLength(1)),
});

/** What a person sent as an answer, or one sentence that says what is wrong with it. */
export function parseAnswer(raw: unknown): { by: string; reason: string; plan: string } | string {
  const parsed = v.safeParse(answerSchema, raw);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue) ?? 'the whole answer';
  return `\`${path}\` is ${issue.received === 'undefined' ? 'missing' : 'not valid'}`;
}

/** The exact JSON to answer with. */
export function sampleAnswer(verb: Verb, plan: string): string {
  const because = verb === 'reject' || verb === 'rollback' ? ', "reason": "WHY"' : '';
  return `{"by": "YOUR NAME", "plan": "${plan}"${because}}`;
}
