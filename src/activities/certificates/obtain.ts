import { problem } from '../../problem.ts';
import type { Obtained } from '../contract/certificates.ts';
import { readJobFile } from '../docker/job-file.ts';
import { type JobOutcome, removeJob, runJob } from '../docker/job-container.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { certbotJob, certbotLog, obtainStep } from './certbot-job.ts';
import { type CertbotOutcome, certbotOutcome } from './certbot-outcome.ts';
import { factsOf } from './facts.ts';
import { leafOf } from './fitness.ts';
import { type ConfiguredPair, configuredPair } from './place.ts';
import { nothingInstalled, refusedOrder } from './refused-order.ts';
import { lineagePair } from './source.ts';

interface Order {
  certificateFile: string;
  replaces: string | null;
}

/** An order that takes longer than there is time for. */
class Overdue extends Error {
  override readonly name = 'Overdue';
}

/** Whether the lineage has been renewed since the plan. */
export async function isObtained(setting: Setting, { certificateFile, replaces }: Order): Promise<boolean> {
  return (await renewed(setting, configuredPair(setting, certificateFile), replaces)) !== undefined;
}

/**
 * Orders a certificate by certbot in a job container. An attempt that finds one under way waits for it, and one that
 * finds the lineage renewed since the plan orders nothing. After `deadlineMs` it waits no more: the authority is away.
 */
export async function obtainCertificate(
  setting: Setting,
  { certificateFile, replaces }: Order,
  { deadlineMs = Infinity } = {},
): Promise<Obtained> {
  const pair = configuredPair(setting, certificateFile);
  const step = obtainStep(pair);
  const startedMs = Date.now();
  const already = await renewed(setting, pair, replaces);
  if (already !== undefined) {
    await removeJob(setting, step);
    return { outcome: 'obtained', certificate: already, durationMs: 0 };
  }
  const job = await certbotJob(setting, pair);
  const ended = await untilOverdue(
    runJob(setting, job, () => {
      reportProgress(`certbot asks for ${pair.lineage}`);
      if (Date.now() > deadlineMs) throw new Overdue();
    }),
  );
  if (ended === undefined) {
    await removeJob(setting, step);
    const seconds = Math.round((Date.now() - startedMs) / 1000);
    return { outcome: 'authority-away', text: `certbot had come to no end after ${seconds} s` };
  }
  const log = await readJobFile(setting, step, certbotLog).catch(() => '');
  const outcome = certbotOutcome({ exitCode: ended.exitCode, output: ended.log, log }, new Date());
  await removeJob(setting, step);
  return resultOf(setting, pair, { outcome, ended, replaces, durationMs: Date.now() - startedMs });
}

async function untilOverdue(running: Promise<JobOutcome>): Promise<JobOutcome | undefined> {
  try {
    return await running;
  } catch (error) {
    if (error instanceof Overdue) return undefined;
    throw error;
  }
}

async function renewed(setting: Setting, pair: ConfiguredPair, replaces: string | null) {
  const found = await lineagePair(setting, pair);
  const leaf = found === undefined ? undefined : leafOf(found.certificatePem);
  if (leaf === undefined) return undefined;
  const facts = factsOf(leaf);
  return facts.fingerprint === replaces ? undefined : facts;
}

async function resultOf(
  setting: Setting,
  pair: ConfiguredPair,
  run: { outcome: CertbotOutcome; ended: JobOutcome; replaces: string | null; durationMs: number },
): Promise<Obtained> {
  const { outcome, ended, durationMs } = run;
  if (outcome.kind === 'ended-well') {
    const certificate = await renewed(setting, pair, run.replaces);
    if (certificate !== undefined) return { outcome: 'obtained', certificate, durationMs };
    throw problem('NothingRenewed', {
      what: `certbot ended with 0, and ${pair.lineage} has no new certificate. Its last words: ${lastLine(ended.log)}`,
      state: nothingInstalled,
      next: 'Look whether certbotImage is a certbot, and the lineage is the right one.',
    });
  }
  if (outcome.kind === 'wait') {
    const { why, text, retryAfterMs } = outcome;
    return { outcome: why, text, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  throw refusedOrder(setting, outcome, ended);
}

function lastLine(log: string): string {
  return log.trim().split('\n').at(-1)?.slice(0, 200) ?? 'none.';
}
