import { join } from 'node:path';
import { answers, run } from './command.ts';
import { sandboxSources } from './folders.ts';
import { ensureCompose } from '../setup/compose.ts';
import type { Log } from '../show.ts';

/** A compose program that answers: `docker compose` (2) or `docker-compose` (1, or 2 by itself). */
export interface Compose {
  program: string;
  leadingArgs: string[];
  majorVersion: number;
}

/** The compose program to use: version 2 before 1. Installs Debian's where it may. Throws when there is none. */
export async function findCompose(log: Log): Promise<Compose> {
  await ensureCompose(log);
  const found = await look();
  if (found !== undefined) return found;
  throw new Error(
    'Neither `docker compose` nor `docker-compose` answers. Nothing was started. ' +
      'Install one: the package docker-compose-plugin of Docker, or docker-compose of Debian.',
  );
}

async function look(): Promise<Compose | undefined> {
  for (const [program, leadingArgs] of [
    ['docker', ['compose']],
    ['docker-compose', []],
  ] as const) {
    const args = [...leadingArgs, 'version', '--short'];
    if (!(await answers(program, args))) continue;
    const majorVersion = majorOf(await run(program, args));
    return { program, leadingArgs: [...leadingArgs], majorVersion };
  }
  return undefined;
}

/** 1 of "1.29.2", 2 of "v2.24.0", and 2 where there is no number: version 2 built from its sources says `dev`. */
export function majorOf(version: string): number {
  return Number(/^v?(\d+)\./.exec(version.trim())?.[1] ?? 2);
}

export interface ComposeProject {
  name: string;
  /** Names of files beside the sandbox's sources. */
  files: string[];
  /** What they ask for. */
  variables: Record<string, string>;
}

/** Creates and starts what is missing or changed of the project. */
export async function composeUp(
  compose: Compose,
  { name, files, variables }: ComposeProject,
  log: Log,
): Promise<void> {
  const chosen = files.flatMap((file) => ['-f', join(sandboxSources, file)]);
  await run(compose.program, [...compose.leadingArgs, '-p', name, ...chosen, 'up', '-d'], {
    env: variables,
    onLine: (line) => {
      if (/^(Creating|Recreating|Starting)\b/.test(line.trim())) log(line.trim());
    },
  });
}
