import Table from 'cli-table3';
import colors from 'picocolors';
import type { RunView } from '../client/describe-run.ts';
import type { RunLine } from '../client/list-runs.ts';
import type { CertificateLine } from '../procedures/list-certificates.ts';
import { sampleAnswer } from '../workflows/steps/answer.ts';
import type { QuestionView } from '../workflows/steps/question.ts';
import type { TimelineEntry } from '../workflows/steps/status.ts';

export function renderTable(head: string[], rows: string[][]): string {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return table.toString();
}

export function renderRuns(lines: RunLine[]): string {
  if (lines.length === 0) return 'No runs yet.';
  return renderTable(
    ['workflow id', 'procedure', 'state', 'phase', 'started', 'ended'],
    lines.map(({ workflowId, workflowType, state, phase, startedAt, closedAt }) => [
      workflowId,
      workflowType,
      state.toLowerCase(),
      phase,
      minute(startedAt),
      closedAt === undefined ? '' : minute(closedAt),
    ]),
  );
}

/** All columns of the table of certificates but the first one, with the lines between them. */
const besideNames = 58;
const narrowest = 80;
const widest = 100;

/**
 * What is served for each name, and below the table what is wrong with it. Fits the terminal; `--json` has the rest.
 */
export function renderCertificates(lines: CertificateLine[], columns = widest): string {
  const room = Math.min(widest, Math.max(narrowest, columns)) - besideNames;
  const rows = lines.map(({ hostname, keyType, issuer, validTo, daysLeft, dueAt, trouble }) => [
    folded(hostname, room) + (issuer === '' ? '' : `\n${folded(`by ${issuer}`, room)}`),
    keyType,
    validTo === '' ? 'none' : validTo.slice(0, 10),
    validTo === '' ? '' : String(daysLeft),
    dueAt.slice(0, 10),
    trouble === '' ? 'good' : 'bad',
  ]);
  const listeners = new Set(lines.map(({ listener }) => listener));
  return [
    `Served at ${[...listeners].join(', ')}:`,
    renderTable(['name', 'key', 'ends', 'days left', 'renew from', 'state'], rows),
    ...lines
      .filter(({ trouble }) => trouble !== '')
      .map(({ hostname, keyType, trouble }) => `${colors.red(`${hostname} (${keyType})`)}: ${trouble}`),
  ].join('\n');
}

/** In lines of at most that length, between words where there are some; none of it is lost. */
function folded(text: string, length: number): string {
  const line = new RegExp(`.{1,${length}}(?= |$)|.{1,${length}}`, 'gu');
  return (text.match(line) ?? []).map((part) => part.trim()).join('\n');
}

export function renderEntry({ at, text }: TimelineEntry): string {
  return `${colors.dim(at.slice(11, 19))} ${text}`;
}

/** The open question: what it is about, until when, and the commands that answer it. */
export function renderQuestion(
  workflowId: string,
  { title, lines, plan, deadlineAt, verbs, missing }: QuestionView,
): string {
  return [
    '',
    colors.bold(title),
    ...lines.map((line) => `  - ${line}`),
    colors.bold(`Plan ${plan}`) +
      ` waits until ${deadlineAt.slice(0, 16)}Z${missing > 1 ? ` for ${missing} people` : ''}. Answer it:`,
    ...verbs.map((verb) => `  hermes-ops ${verb} ${workflowId} --plan ${plan}`),
    colors.dim(
      `  (or in the Web UI: send the signal ${verbs.join(' or ')} with ${sampleAnswer(verbs[0] ?? 'approve', plan)})`,
    ),
  ].join('\n');
}

/** One run for a person: where it is, what it waits for, what happened. */
export function renderRun(view: RunView): string {
  const { workflowId, runId, workflowType, state, startedAt, closedAt, status, pending } = view;
  return [
    `${colors.bold(workflowId)} ${workflowType}: ${state.toLowerCase()}${status === undefined ? '' : `, ${status.outcome ?? status.phase}`}`,
    `run ${runId}, started ${minute(startedAt)}${closedAt === undefined ? '' : `, ended ${minute(closedAt)}`}`,
    ...(status === undefined
      ? []
      : [`asked for by ${status.by}${status.reason === '' ? '' : `: ${status.reason}`}`]),
    ...pending.map(
      ({ activity, attempt, progress, lastFailure }) =>
        `now: ${activity}${progress === undefined ? '' : `, ${progress.text}`}${attempt > 1 ? `, attempt ${attempt}` : ''}${lastFailure === undefined ? '' : ` (before: ${lastFailure})`}`,
    ),
    '',
    ...(status === undefined
      ? [
          state === 'RUNNING'
            ? 'No worker answers: the run goes on when one runs. Start it: hermes-ops worker'
            : '',
        ]
      : status.timeline.map(renderEntry)),
    ...(status?.question === undefined ? [] : [renderQuestion(workflowId, status.question)]),
  ].join('\n');
}

function minute(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')}Z`;
}
