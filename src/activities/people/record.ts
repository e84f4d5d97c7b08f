import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecord } from '../contract/runs.ts';
import { writeDurably } from '../durable-file.ts';
import type { Owner } from '../owner.ts';
import { shortRunId } from '../owner.ts';

/**
 * Writes a run's record as Markdown, for people, and JSON, for programs. One pair of files a run: written again, they
 * are replaced. Returns the Markdown file's path.
 */
export async function writeRecordFiles(directory: string, owner: Owner, record: RunRecord): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const day = record.startedAt.slice(0, 19).replaceAll(':', '').replace('T', '-');
  const name = join(directory, `${day}-${record.procedure}-${shortRunId(owner.runId)}`);
  await writeDurably(`${name}.json`, `${JSON.stringify({ ...record, ...owner }, null, 2)}\n`);
  await writeDurably(`${name}.md`, renderRecord(record, owner));
  return `${name}.md`;
}

/** The record as a person reads it. */
export function renderRecord(record: RunRecord, owner: Owner): string {
  return [
    `# ${record.title}: ${record.outcome}`,
    '',
    record.summary,
    '',
    `- Stack: ${owner.stack}`,
    `- Asked for by: ${record.by}${record.reason === '' ? '' : ` (${record.reason})`}`,
    `- Started: ${record.startedAt}`,
    `- Ended: ${record.endedAt} (${seconds(record)} s)`,
    `- Workflow: ${owner.workflowId}, run ${owner.runId}`,
    '',
    '## Timeline',
    '',
    ...record.timeline.map(({ at, text }) => `- ${at.slice(0, 19)}Z ${text}`),
    '',
    ...(record.report === null
      ? []
      : ['## Report', '', '```json', JSON.stringify(record.report, null, 2), '```', '']),
  ].join('\n');
}

function seconds({ startedAt, endedAt }: RunRecord): string {
  return ((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1);
}
