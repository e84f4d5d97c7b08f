import * as v from 'valibot';
import type { Installation } from '../../e2e/support/installation.ts';

const eventSchema = v.object({
  Action: v.string(),
  Actor: v.object({ Attributes: v.record(v.string(), v.string()) }),
});

/** What the engine itself says of the jobs of a stack: each start and each end, as they happen. */
export interface JobLedger {
  /** What was started although one of the same run and step was running, or done a second time. */
  twice(): string[];
  /** `dump started`, `dump ended 0`, in order. */
  readonly lines: string[];
  close(): void;
}

/** A second success of these is work done twice; the others only read. */
const changing = new Set(['dump', 'restore']);

export async function openJobLedger({ docker, project }: Installation): Promise<JobLedger> {
  const stream = await docker.getEvents({
    filters: { type: ['container'], event: ['start', 'die'], label: [`hermes-ops.stack=${project}`] },
  });
  const lines: string[] = [];
  const running = new Set<string>();
  const done = new Map<string, number>();
  const wrong: string[] = [];
  readLines(stream, (line) => {
    const { Action: action, Actor: actor } = v.parse(eventSchema, JSON.parse(line));
    const { 'hermes-ops.step': step = '', 'hermes-ops.run': run = '', exitCode } = actor.Attributes;
    const job = `${step} of ${run.slice(-8)}`;
    lines.push(`${step} ${action === 'start' ? 'started' : `ended ${exitCode}`}`);
    if (action === 'start') {
      if (running.has(job)) wrong.push(`${job} was started while it ran`);
      running.add(job);
    } else {
      running.delete(job);
      if (exitCode === '0') done.set(job, (done.get(job) ?? 0) + 1);
    }
  });
  return {
    lines,
    twice: () => [
      ...wrong,
      ...[...done]
        .filter(([job, times]) => times > 1 && changing.has(job.split(' ')[0] ?? ''))
        .map(([job, times]) => `${job} was done ${times} times`),
    ],
    close: () => endStream(stream),
  };
}

function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const parts = `${rest}${chunk.toString()}`.split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (part.trim() !== '') onLine(part);
  });
  stream.on('error', () => undefined);
}

function endStream(stream: NodeJS.ReadableStream): void {
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
}
