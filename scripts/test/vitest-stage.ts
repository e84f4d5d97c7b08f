import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../project.ts';
import { say } from '../show.ts';
import { runNode } from './child.ts';
import { type Counts, countTests } from './counts.ts';

/** A stage that is one project of vitest.config.ts: its tests show as they run, and each one counts. */
export function vitestProject(
  project: string,
  { timeoutMs }: { timeoutMs: number },
): (variables: Record<string, string>) => Promise<Counts> {
  return async (variables) => {
    const folder = await mkdtemp(join(tmpdir(), 'hermes-ops-test-'));
    const report = join(folder, 'report.json');
    try {
      const { exitCode, late } = await runNode(
        join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs'),
        ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
        { timeoutMs, variables },
      );
      if (late !== undefined) say(late);
      return countTests(await readReport(report), exitCode);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

/** Undefined when vitest ended before it could write one. */
async function readReport(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}
