import { sampleAnswer } from './answer.ts';
import { clockTime } from './clock.ts';
import type { RunStatus } from './status.ts';

const shownEntries = 15;
const shownCharacters = 200;

/**
 * The run in Markdown for the Web UI's current details: what waits, what runs, what was done.
 * Lists only: that page shows tables without spacing.
 */
export function renderDetails(status: RunStatus): string {
  return [heading(status), ...question(status), ...running(status), ...done(status)].join('\n');
}

function heading({ title, stack, by, reason, outcome }: RunStatus): string {
  const why = reason === '' ? '' : `: ${reason}`;
  return `## ${title} (${stack})\n\nAsked for by ${plain(`${by}${why}`)}${outcome === undefined ? '' : `\n\n**Ended: ${outcome}**`}\n`;
}

function question({ question: open }: RunStatus): string[] {
  if (open === undefined) return [];
  return [
    `### ${open.title}`,
    '',
    ...open.lines.map((line) => `- ${plain(line)}`),
    '',
    `**Plan \`${open.plan}\` waits for an answer until ${clockTime(Date.parse(open.deadlineAt))}.** Send one of these signals (or updates):`,
    '',
    ...open.verbs.map((verb) => `- \`${verb}\` with \`${sampleAnswer(verb, open.plan)}\``),
    '',
    ...(open.answers.length > 0
      ? [
          `Answered so far: ${open.answers.map(({ by, verb }) => `${plain(by)} (${verb})`).join(', ')}; ${open.missing} more needed.`,
          '',
        ]
      : []),
  ];
}

function running({ running: titles }: RunStatus): string[] {
  return titles.length === 0 ? [] : ['### Now', '', ...titles.map((title) => `- ${plain(title)}`), ''];
}

function done({ timeline }: RunStatus): string[] {
  if (timeline.length === 0) return [];
  const left = timeline.length - shownEntries;
  return [
    '### So far (times in UTC)',
    '',
    ...(left > 0 ? [`- (${left} earlier entries: query \`timeline\`)`] : []),
    ...timeline.slice(-shownEntries).map(({ at, text }) => `- ${at.slice(11, 19)} ${plain(shortened(text))}`),
  ];
}

/** The whole text is in the query `timeline`. */
function shortened(text: string): string {
  if (text.length <= shownCharacters) return text;
  const lastSpace = text.lastIndexOf(' ', shownCharacters);
  return `${text.slice(0, lastSpace > 0 ? lastSpace : shownCharacters)} …`;
}

/** People's words and names of tables as they are, whatever Markdown would make of them. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*<>[\]&]|(?<!\w)_|_(?!\w)/g, String.raw`\$&`);
}
