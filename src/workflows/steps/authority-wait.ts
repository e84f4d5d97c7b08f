import { sleep } from '@temporalio/workflow';
import type { CertificatesLook, Obtained } from '../../activities/contract/certificates.ts';
import { problem } from '../../problem.ts';
import { alarmOfFailure } from './certificate-alarm.ts';
import { firstToEnd, failureSeverity, worse } from './certificate-urgency.ts';
import { clockTime, spokenDuration } from './clock.ts';
import type { Run } from './run.ts';
import type { Notice } from '../../activities/contract/runs.ts';

const minuteMs = 60_000;
const firstBackoffMs = 5 * minuteMs;
const longestBackoffMs = 4 * 60 * minuteMs;
/** Without a word of when to come back: an authority's limits are by the hour or the week. */
const unsaidLimitMs = 60 * minuteMs;
const mostRounds = 24;

export type Waiting = Exclude<Obtained, { outcome: 'obtained' }>;

/** How patient a run is with its authority. The waits are timers: they survive the worker, and Temporal itself. */
export class AuthorityWait {
  #rounds = 0;
  #told: Notice['severity'] | undefined;

  /**
   * Waits as long as the authority says, or for longer each time; people are told, louder as the certificate's end
   * comes near. Throws AuthorityAway after too many rounds.
   */
  async wait(run: Run, waiting: Waiting, look: CertificatesLook): Promise<void> {
    const limited = waiting.outcome === 'rate-limited';
    const what = limited
      ? `The authority limits how often it is asked: ${waiting.text}`
      : `The authority cannot be reached: ${waiting.text}`;
    this.#rounds += 1;
    if (this.#rounds > mostRounds) {
      throw problem('AuthorityAway', {
        what: `${what}. Tried ${mostRounds} times.`,
        state: 'nginx goes on with the certificate that it has.',
        next: 'The schedule tries again. A certificate from elsewhere: hermes-ops run install-certificate',
      });
    }
    const waitMs = waitOf(waiting, this.#rounds);
    const until = clockTime(Date.now() + waitMs);
    run.note(`${what}. Trying again in ${spokenDuration(waitMs)}, at ${until}.`);
    await this.#tell(run, `${what}. It is tried again at ${until}.`, look);
    await sleep(waitMs, {
      summary: limited
        ? `Wait as long as the authority says, until ${until}`
        : `Wait for the authority, until ${until}`,
    });
  }

  /** Once, and again each time that it got worse. */
  async #tell(run: Run, text: string, look: CertificatesLook): Promise<void> {
    const first = firstToEnd(look);
    const severity = first === undefined ? 'P2' : failureSeverity(first, Date.now());
    if (severity === undefined || !worse(severity, this.#told)) return;
    this.#told = severity;
    await alarmOfFailure(run, look, text);
  }
}

export function waitOf({ outcome, retryAfterMs }: Waiting, round: number): number {
  if (outcome === 'rate-limited') return Math.max(1000, retryAfterMs ?? unsaidLimitMs);
  const backoffMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (round - 1));
  return Math.max(backoffMs, retryAfterMs ?? 0);
}
