import { proxyActivities } from '@temporalio/workflow';
import type { CertificatesActivities, CertificatesLook } from '../activities/contract/certificates.ts';
import { renewCertificateProcedure } from '../procedures/renew-certificate.ts';
import { AuthorityWait } from './steps/authority-wait.ts';
import { alarm } from './steps/alarm.ts';
import { alarmingFailures, warnOfEnds } from './steps/certificate-alarm.ts';
import { decide, type PairWork } from './steps/certificate-decision.ts';
import { describeLook, describeService, describeWork, planLines } from './steps/certificate-words.ts';
import { obtainAll, type Orders } from './steps/obtain-certificates.ts';
import { quickLook, shortChange } from './steps/policies.ts';
import { type Ending, procedure, type ProcedureResult } from './steps/procedure.ts';
import { type InService, putIntoService, serve } from './steps/put-into-service.ts';
import type { Run } from './steps/run.ts';
import { sweepCertificateLeftovers } from './steps/sweep-certificates.ts';

const { checkGround, lookAtCertificates } = proxyActivities<CertificatesActivities>(quickLook);
const { tryChallenge } = proxyActivities<CertificatesActivities>(shortChange);

export interface RenewalReport {
  /** What was seen before anything was done. */
  look: CertificatesLook;
  decisions: { certificateFile: string; decision: PairWork['kind']; why: string }[];
  obtained: { certificateFile: string; durationMs: number }[];
  service?: InService;
}

/** Renews what is due, and puts it in front of customers without an outage. Runbook: SSL Certificate Renewal. */
export async function renewCertificate(raw: unknown): Promise<ProcedureResult<RenewalReport>> {
  return procedure(renewCertificateProcedure, raw, async (run, { force }) => {
    const authority = new AuthorityWait();
    const approvals = new Approvals(run);
    let look: CertificatesLook | undefined;
    return alarmingFailures(
      run,
      () => look,
      async () => {
        for (let first = true; ; first = false) {
          await run.lock('certificates');
          look = await lookAround(run, first);
          const work = decideWhatToDo(run, look, force);
          const ending = await withoutOrder(run, look, work);
          if (ending !== undefined) return ending;

          const orders = await orderDue(run, work, { force, approvals });
          if (orders.kind === 'obtained')
            return await putOrderedIntoService(run, look, work, orders.durations);

          // Nothing changes while it waits: somebody may bring a certificate meanwhile, so it looks anew after it.
          await run.unlock('certificates');
          await authority.wait(run, orders.waiting, look);
        }
      },
    );
  });
}

async function lookAround(run: Run, first: boolean): Promise<CertificatesLook> {
  const look = await run.step(
    'Look at what is served and at what is on the disk',
    () => lookAtCertificates(),
    describeLook,
  );
  if (first && !run.dryRun) await warnOfEnds(run, look);
  return look;
}

function decideWhatToDo(run: Run, look: CertificatesLook, force: boolean): PairWork[] {
  const work = decide(look, { ...run.policy.certificates, force, nowMs: Date.now() });
  if (work.every(({ kind }) => kind === 'nothing')) return work;
  run.plan(planLines(work, run.policy.certificates), {
    work: work.map(({ kind, pair }) => [kind, pair.certificateFile, pair.onDisk?.fingerprint ?? null]),
    hostnames: run.policy.certificates.hostnames,
    challenge: run.policy.certificates.challenge,
  });
  return work;
}

/** Nothing to do, or a reload that somebody forgot: neither costs an order. */
async function withoutOrder(
  run: Run,
  look: CertificatesLook,
  work: PairWork[],
): Promise<Ending<RenewalReport> | undefined> {
  if (work.every(({ kind }) => kind === 'nothing')) {
    return { summary: `Nothing is due. ${describeWork(work)}.`, report: reportOf(look, work) };
  }
  if (work.some(({ kind }) => kind === 'order')) return undefined;
  const stale = work.filter(({ kind }) => kind === 'reload');
  if (stale.length > 0 && !run.dryRun) {
    await alarm(run, {
      severity: 'P2',
      title: `nginx on ${run.policy.stack} serves another certificate than the one on its disk`,
      text: `${describeWork(stale)}. It is reloaded now.`,
    });
  }
  await prepare(run, work);
  const arrivals = work.filter(({ kind }) => kind === 'install');
  if (arrivals.length > 0) return putOrderedIntoService(run, look, arrivals, []);
  const expected = stale.map(({ pair }) => ({
    certificateFile: pair.certificateFile,
    fingerprint: pair.onDisk?.fingerprint ?? '',
  }));
  const { reload } = await serve(run, look, expected);
  return {
    summary: `nginx serves what is on its disk again, ${reload.servedAfterMs} ms after a reload. Nothing was due.`,
    report: reportOf(look, work),
  };
}

async function orderDue(
  run: Run,
  work: PairWork[],
  { force, approvals }: { force: boolean; approvals: Approvals },
): Promise<Orders> {
  const { challenge } = run.policy.certificates;
  const orders = work.filter(({ kind }) => kind === 'order');
  await prepare(run, work);
  if (challenge === 'standalone' || force) await approvals.ask();
  await run.confirmLock('certificates');
  if (challenge === 'http-01') {
    await run.change(
      'Fetch a token through the public name, as the authority will',
      () => tryChallenge(),
      ({ hostnames }) => hostnames.join(', '),
    );
  }
  return obtainAll(
    run,
    orders.map(({ pair }) => pair),
  );
}

/** Everything that could be in the way is found before anything is ordered. A dry run ends after it. */
async function prepare(run: Run, work: PairWork[]): Promise<void> {
  const doing = work.filter(({ kind }) => kind === 'order' || kind === 'install');
  await run.step('Can a new pair be installed? Does nginx take its configuration?', () =>
    checkGround({
      certificateFiles: doing.map(({ pair }) => pair.certificateFile),
      // Where the present pair is what nginx refuses, a new one is the cure.
      testProxy: work.every(({ pair }) => pair.diskProblem === ''),
    }),
  );
  await sweepCertificateLeftovers(run);
}

async function putOrderedIntoService(
  run: Run,
  look: CertificatesLook,
  work: PairWork[],
  obtained: RenewalReport['obtained'],
): Promise<Ending<RenewalReport>> {
  const arrivals = work
    .filter(({ kind }) => kind === 'order' || kind === 'install')
    .map(({ pair }) => ({ pair, source: { kind: 'lineage' } as const }));
  const service = await putIntoService(run, look, arrivals, true);
  const report = { ...reportOf(look, work), obtained };
  if ('rolledBack' in service) return { outcome: 'rolled-back', summary: service.rolledBack, report };
  return {
    summary: `Renewed: ${describeService(service.inService)}`,
    report: { ...report, service: service.inService },
  };
}

/** One approval serves for as long as the plan stays the same, however often the authority is asked. */
class Approvals {
  readonly #run: Run;
  #approved: string | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  async ask(): Promise<void> {
    const content = JSON.stringify(this.#run.currentPlan.content);
    if (content === this.#approved) return;
    await this.#run.approval('renew-certificate');
    this.#approved = content;
  }
}

function reportOf(look: CertificatesLook, work: PairWork[]): RenewalReport {
  return {
    look,
    decisions: work.map(({ kind, pair, why }) => ({
      certificateFile: pair.certificateFile,
      decision: kind,
      why,
    })),
    obtained: [],
  };
}
