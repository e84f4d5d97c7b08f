import { patched, setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { searchAttributes } from '../../temporal/search-attributes.ts';
import type { ProcedureDefinition } from '../../procedures/definition.ts';
import type { CommonInput } from '../../procedures/definition.ts';
import type { StackPolicy } from '../../activities/contract/runs.ts';
import { problem } from '../../problem.ts';
import type { ApprovalName } from '../../stack/people.ts';
import { approvalOf } from './approval.ts';
import { nowIso } from './clock.ts';
import { underTitle } from './current-step.ts';
import { renderDetails } from './details.ts';
import { rootMessage } from './failure-text.ts';
import { acquireLock, type HeldLock, type LockRequest, stillHeld } from './lock.ts';
import { type Decision, type Question, QuestionDesk } from './question.ts';
import type { OutcomeName, Phase, RunStatus, TimelineEntry } from './status.ts';
import { WayBack } from './way-back.ts';

/** Ends a dry run at the procedure's first change. */
export class PlanOnly extends Error {
  override readonly name = 'PlanOnly';
}

/** One run of a procedure: what every procedure is written in. */
export class Run {
  readonly workflowId = workflowInfo().workflowId;
  readonly runId = workflowInfo().runId;
  readonly startedAt = nowIso();
  readonly timeline: TimelineEntry[] = [];
  readonly desk = new QuestionDesk((text) => this.note(text));
  readonly #definition: ProcedureDefinition;
  readonly #input: CommonInput;
  readonly policy: StackPolicy;
  readonly #running: string[] = [];
  readonly #locks = new Map<string, HeldLock>();
  readonly wayBack = new WayBack();
  #phase: Phase = 'looking';
  #plan: { lines: string[]; content: unknown } | undefined;
  #outcome: OutcomeName | undefined;
  /** False for a look of every minute that changed nothing. */
  keepsRecord = true;

  constructor(definition: ProcedureDefinition, input: CommonInput, policy: StackPolicy) {
    this.#definition = definition;
    this.#input = input;
    this.policy = policy;
  }

  get by(): string {
    return this.#input.by;
  }

  get reason(): string {
    return this.#input.reason;
  }

  get dryRun(): boolean {
    return this.#input.dryRun;
  }

  get command(): string {
    return this.#definition.command;
  }

  get currentPlan(): { lines: string[]; content: unknown } {
    return this.#plan ?? { lines: [], content: null };
  }

  get status(): RunStatus {
    const question = this.desk.view;
    return {
      workflowId: this.workflowId,
      runId: this.runId,
      workflowType: this.#definition.workflowType,
      title: this.#definition.title,
      stack: this.policy.stack,
      by: this.by,
      reason: this.reason,
      phase: this.#phase,
      startedAt: this.startedAt,
      running: [...this.#running],
      timeline: this.timeline,
      ...(question === undefined ? {} : { question }),
      ...(this.#plan === undefined ? {} : { plan: this.#plan.lines }),
      ...(this.#outcome === undefined ? {} : { outcome: this.#outcome }),
    };
  }

  /** Adds a line to the timeline. */
  note(text: string): void {
    this.timeline.push({ at: nowIso(), text });
    this.show();
  }

  show(): void {
    setCurrentDetails(renderDetails(this.status));
  }

  enter(phase: Phase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    upsertSearchAttributes([{ key: searchAttributes.Phase, value: phase }]);
    this.show();
  }

  /** Ends without a written record: for a look of every minute that changed nothing. */
  withoutRecord<Ending>(ending: Ending): Ending {
    this.keepsRecord = false;
    return ending;
  }

  end(outcome: OutcomeName): void {
    this.#outcome = outcome;
    this.enter('ended');
  }

  /** A step that only looks. Its title is what people see, in the timeline and on the activity. */
  async step<T>(title: string, act: () => Promise<T>, said?: (result: T) => string): Promise<T> {
    this.#running.push(title);
    this.show();
    try {
      const result = await underTitle(title, act);
      this.note(said === undefined ? title : `${title}: ${said(result)}`);
      return result;
    } catch (error) {
      this.note(`${title}: failed. ${rootMessage(error)}`);
      throw error;
    } finally {
      this.#running.splice(this.#running.indexOf(title), 1);
      this.show();
    }
  }

  /** A step that changes something. A dry run ends at the first one. */
  async change<T>(title: string, act: () => Promise<T>, said?: (result: T) => string): Promise<T> {
    if (this.dryRun) throw new PlanOnly();
    this.enter('changing');
    return this.step(title, act, said);
  }

  /** Says what is about to be done: the answer of a dry run, and what an approval is about. */
  plan(lines: string[], content: unknown): void {
    this.#plan = { lines, content };
    this.note(`Plan: ${lines.join('; ')}`);
  }

  /** How to undo the step before, if anything fails from here on. Returns a function that forgets it. */
  onFailure(title: string, act: () => Promise<unknown>): () => void {
    return this.wayBack.add(title, act);
  }

  /** Asks people and waits. */
  async ask(question: Question, phase: Phase = 'waiting-for-answer'): Promise<Decision> {
    this.enter(phase);
    const asking = this.desk.ask(question);
    this.show();
    return asking;
  }

  /**
   * Waits for the stack file's approval of the current plan, under the name `step`. A dry run ends here: it asks nobody.
   * Throws Rejected or NotApproved.
   */
  async approval(step: ApprovalName): Promise<string> {
    if (this.dryRun) throw new PlanOnly();
    return approvalOf(this, step, this.currentPlan);
  }

  /** Takes the lock of a resource. Whether it queues when the lock is held is the input's choice, unless told. */
  async lock(resource: string, onBusy = this.#input.onBusy): Promise<void> {
    if (this.dryRun || this.#locks.has(resource)) return;
    await this.#take({ ...this.#lockRequest(resource), onBusy });
  }

  /** Before a change that must not meet another one: is the lock still ours? If not, take it again. */
  async confirmLock(resource: string): Promise<void> {
    if (!this.#locks.has(resource))
      throw problem('LockLost', { what: `The lock on ${resource} was never taken.` });
    if (await stillHeld(this.#lockRequest(resource))) return;
    this.note(`The lock on ${resource} was gone: taking it again.`);
    await this.#take(this.#lockRequest(resource));
  }

  async unlock(resource: string): Promise<void> {
    const lock = this.#locks.get(resource);
    this.#locks.delete(resource);
    await lock?.release();
  }

  async unlockAll(): Promise<void> {
    for (const resource of this.#locks.keys()) await this.unlock(resource);
  }

  async #take(request: LockRequest): Promise<void> {
    const before = this.#phase;
    this.#locks.set(request.resource, await acquireLock(request));
    this.enter(before);
  }

  #lockRequest(resource: string): LockRequest {
    return {
      stack: this.policy.stack,
      resource,
      onBusy: this.#input.onBusy,
      waits: (text) => {
        this.note(text);
        if (patched('phase-while-in-line')) this.enter('waiting-for-lock');
      },
    };
  }
}
