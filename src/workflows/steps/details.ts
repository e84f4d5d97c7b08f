import { sampleAnswer } from './answer.ts';
import { clockTime } from './clock.ts';
import type { RunStatus } from './status.ts';

const shownEntries = 15;

/**
 * The run in Markdown for the Web UI's current details: what waits, what runs, what was done.
 * Lists only: that page shows tables without spacing.
 */
export function renderDetails(status: RunStatus): string {
  return [heading(status), ...question(status), ...running(status), ...done(status)].join('\n');
}

function heading({ title, stack, by, reason, outcome }: RunStatus): string {
  const why = reason === '' ? '' : `: ${reason}`;
  return `## ${title} (${stack})\n\nAsked for by ${by}${why}${outcome === undefined ? '' : `\n\n**Ended: ${outcome}**`}\n`;
}

function question({ question: open }: RunStatus): string[] {
  if (open === undefined) return [];
  return [
    `### ${open.title}`,
    '',
    ...open.lines.map((line) => `- ${line}`),
    '',
    `**Plan \`${open.plan}\` waits for an answer until ${clockTime(Date.parse(open.deadlineAt))}.** Send one of these signals (or updates):`,
    '',
    ...open.verbs.map((verb) => `- \`${verb}\` with \`${sampleAnswer(verb, open.plan)}\``),
    '',
    ...(open.answers.length > 0
      ? [
          `Answered so far: ${open.answers.map(({ by, verb }) => `${by} (${verb})`).join(', ')}; ${open.missing} more needed.`,
          '',
        ]
      : []),
  ];
}

function running({ running: titles }: RunStatus): string[] {
  return titles.length === 0 ? [] : ['### Now', '', ...titles.map((title) => `- ${title}`), ''];
}

function done({ timeline }: RunStatus): string[] {
  if (timeline.length === 0) return [];
  const left = timeline.length - shownEntries;
  return [
    '### So far',
    '',
    ...(left > 0 ? [`- (${left} earlier entries: query \`timeline\`)`] : []),
    ...timeline.slice(-shownEntries).map(({ at, text }) => `- ${at.slice(11, 19)} ${text}`),
  ];
}
