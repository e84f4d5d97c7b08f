import { join } from 'node:path';
import { run } from '../../../scripts/sandbox/command.ts';
import { findCompose } from '../../../scripts/sandbox/compose.ts';
import { sandboxSources } from '../../../scripts/sandbox/folders.ts';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';

export interface ComposeOptions {
  /** Another compose file than the sandbox's own. */
  file?: string;
  /** What its file is to hold instead of the sandbox's own values. */
  variables?: Record<string, string>;
}

/** What an engineer types on the host: compose, whichever the machine has, on this sandbox. Returns its output. */
export async function compose(
  { project, envFile }: Sandbox,
  args: string[],
  { file = join(sandboxSources, 'docker-compose.yml'), variables = {} }: ComposeOptions = {},
): Promise<string> {
  const { program, leadingArgs } = await findCompose(() => undefined);
  const chosen = ['-p', project, '--env-file', envFile, '-f', file];
  return run(program, [...leadingArgs, ...chosen, ...args], { env: variables });
}
