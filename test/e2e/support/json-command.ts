import type { Installation } from './installation.ts';

/** A command with --json, as a script runs it: every line that it prints is JSON. */
export async function jsonCommand<Line>(
  hermes: Pick<Installation, 'hermesOps'>,
  ...args: string[]
): Promise<{ exitCode: number; lines: Line[]; last: Line }> {
  const { exitCode, stdout, stderr } = await hermes.hermesOps(...args, '--json');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line): Line => JSON.parse(line));
  const last = lines.at(-1);
  if (last === undefined) throw new Error(`${args.join(' ')} printed nothing: ${stderr}`);
  return { exitCode, lines, last };
}
