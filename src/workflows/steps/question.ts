import { condition, proxyActivities, uuid4 } from '@temporalio/workflow';
import type { RunsActivities } from '../../activities/contract/runs.ts';
import { type Answer, parseAnswer, sampleAnswer, type Verb } from './answer.ts';
import { clockTime, nowIso } from './clock.ts';
import { underTitle } from './current-step.ts';
import { planHash } from './plan-hash.ts';
import { quickLook } from './policies.ts';

const { answerTime, wasResetSince } = proxyActivities<RunsActivities>(quickLook);

/** Something that only a person may decide. */
export interface Question {
  title: string;
  /** Lines of the plan that the answer is about. */
  lines: string[];
  /** What the answer is about: its hash is what an answer must name. */
  about: { step: string; content: unknown };
  verbs: readonly [positive: Verb, negative: Verb];
  deadlineMs: number;
  /** How many different people must give the positive answer. */
  count: number;
  /** Who may answer; empty means anyone. */
  from: string[];
  /** Called each time `remindAfterMs` passes without a decision; 0 is the first. */
  remind?: { afterMs: number; tell: (step: number, plan: string) => Promise<void> };
}

export interface QuestionView {
  title: string;
  lines: string[];
  plan: string;
  verbs: Verb[];
  deadlineAt: string;
  missing: number;
  answers: { verb: Verb; by: string }[];
}

/** Without a verb nobody who may decide did so before the deadline. `plan` is the hash that was asked about. */
export type Decision = { plan: string } & ({ verb: Verb; answers: Answer[] } | { verb?: never });

type Asked = Question & { plan: string };

/** The one open question of a run. Answers are recorded by handlers, which await nothing. */
export class QuestionDesk {
  readonly #note: (text: string) => void;
  #open: Asked | undefined;
  #deadlineAtMs = 0;
  #answers: Answer[] = [];
  /** Came in after the deadline by the worker's clock; the history knows when they were really sent. */
  #uncertain: Answer[] = [];
  #decision: { verb: Verb; answers: Answer[] } | undefined;

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  get view(): QuestionView | undefined {
    const open = this.#open;
    if (open === undefined || this.#decision !== undefined) return undefined;
    return {
      title: open.title,
      lines: open.lines,
      plan: open.plan,
      verbs: [...open.verbs],
      deadlineAt: new Date(this.#deadlineAtMs).toISOString(),
      missing: open.count - this.#answers.length,
      answers: this.#answers.map(({ verb, by }) => ({ verb, by })),
    };
  }

  /** Why this answer cannot be taken, in one sentence; undefined when it can. */
  refusal(verb: Verb, raw: unknown): string | undefined {
    const open = this.#open;
    if (open === undefined || this.#decision !== undefined)
      return `There is nothing to ${verb} at the moment.`;
    if (!open.verbs.includes(verb)) return `The open question takes ${open.verbs.join(' or ')}, not ${verb}.`;
    const answer = parseAnswer(raw);
    if (typeof answer === 'string') return `${answer}. Send ${sampleAnswer(verb, open.plan)}.`;
    if (answer.plan !== open.plan)
      return `Plan ${answer.plan} is not the one that waits: that is ${open.plan}.`;
    if (open.from.length > 0 && !open.from.includes(answer.by)) {
      return `${answer.by} may not ${verb} this. Who may: ${open.from.join(', ')}.`;
    }
    if (this.#answers.some(({ by }) => by === answer.by)) return `${answer.by} has answered already.`;
    return undefined;
  }

  /** Takes an answer sent by a signal: a bad one is noted in the timeline and changes nothing. */
  takeSignal(verb: Verb, raw: unknown): void {
    const refusal = this.refusal(verb, raw);
    if (refusal !== undefined) {
      this.#note(`Signal ${verb} not taken: ${refusal}`);
      return;
    }
    const answer = this.#answerFrom(verb, raw);
    if (Date.now() > this.#deadlineAtMs) this.#uncertain.push(answer);
    else this.#count(answer);
  }

  /** Why an update is refused before it enters the history. */
  updateRefusal(verb: Verb, raw: unknown): string | undefined {
    const refusal = this.refusal(verb, raw);
    if (refusal !== undefined) return refusal;
    return Date.now() > this.#deadlineAtMs
      ? `The deadline passed at ${clockTime(this.#deadlineAtMs)}.`
      : undefined;
  }

  takeUpdate(verb: Verb, raw: unknown): string {
    this.#count(this.#answerFrom(verb, raw));
    const missing = this.view?.missing ?? 0;
    return missing > 0 ? `Taken. ${missing} more needed.` : `Taken: ${verb}.`;
  }

  /** Another procedure made the question pointless: as if `by` had given the positive answer. */
  supersede(verb: Verb, by: string): void {
    if (this.#open?.verbs[0] === verb)
      this.#count({ verb, by, reason: '', plan: this.#open.plan, at: nowIso() });
  }

  /** Asks and waits for a decision or the deadline. Leaves no timer behind. */
  async ask(question: Question): Promise<Decision> {
    for (;;) {
      const plan = planHash(uuid4(), question.about.step, question.about.content);
      const askedAt = nowIso();
      const decision = await this.#askOnce({ ...question, plan });
      // An answer before a *Reset* is sent to the new run again, which may have asked before it was reset.
      if (decision === undefined) return { plan };
      if (!(await wasReset(askedAt))) return { plan, ...decision };
      this.#note('The run was reset since it asked: an answer may be of the run before. Asking again.');
    }
  }

  async #askOnce(asked: Asked): Promise<{ verb: Verb; answers: Answer[] } | undefined> {
    this.#open = asked;
    this.#deadlineAtMs = Date.now() + asked.deadlineMs;
    this.#answers = [];
    this.#uncertain = [];
    this.#decision = undefined;
    try {
      await this.#wait(asked);
      return this.#decision ?? (await this.#lateDecision());
    } finally {
      this.#open = undefined;
      this.#decision = undefined;
    }
  }

  async #wait({ title, plan, remind }: Asked): Promise<void> {
    const summary = `${title}: plan ${plan}, until ${clockTime(this.#deadlineAtMs)}`;
    for (let step = 0; ; step += 1) {
      if (remind !== undefined) await remind.tell(step, plan);
      const leftMs = this.#deadlineAtMs - Date.now();
      if (this.#decision !== undefined || leftMs <= 0) return;
      const sliceMs = remind === undefined ? leftMs : Math.min(leftMs, remind.afterMs);
      const decided = await condition(() => this.#decision !== undefined, sliceMs, { summary });
      if (decided || Date.now() >= this.#deadlineAtMs) return;
    }
  }

  /** An answer counts by when it reached the history, not by when a worker woke up to read it. */
  async #lateDecision(): Promise<{ verb: Verb; answers: Answer[] } | undefined> {
    for (const answer of this.#uncertain) {
      const { verb, plan, by } = answer;
      const sentAt = await underTitle(`When did ${by} answer?`, () => answerTime({ signal: verb, plan, by }));
      if (sentAt !== null && Date.parse(sentAt) <= this.#deadlineAtMs) this.#count(answer);
      else this.#note(`${by} answered ${verb} after the deadline of ${clockTime(this.#deadlineAtMs)}.`);
      if (this.#decision !== undefined) return this.#decision;
    }
    return undefined;
  }

  #answerFrom(verb: Verb, raw: unknown): Answer {
    const parsed = parseAnswer(raw);
    if (typeof parsed === 'string') throw new TypeError(`An answer was taken without a check: ${parsed}`);
    return { verb, ...parsed, at: nowIso() };
  }

  #count(answer: Answer): void {
    const open = this.#open;
    if (open === undefined || this.#decision !== undefined) return;
    this.#note(`${answer.by} answered: ${answer.verb}${answer.reason === '' ? '' : ` (${answer.reason})`}.`);
    const [positive, negative] = open.verbs;
    if (answer.verb === negative) {
      this.#decision = { verb: negative, answers: [answer] };
      return;
    }
    this.#answers.push(answer);
    if (this.#answers.length >= open.count) this.#decision = { verb: positive, answers: this.#answers };
  }
}

async function wasReset(since: string): Promise<boolean> {
  return underTitle('Was the answer given to this run?', () => wasResetSince({ since }));
}
