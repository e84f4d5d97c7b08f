import colors from 'picocolors';

/** Tells a person what a long step is doing. */
export type Log = (line: string) => void;

/**
 * Runs one step of a command, saying what it does while it does it and how long it took.
 * What it logs stands indented below its title.
 */
export async function step<T>(title: string, act: (log: Log) => Promise<T>): Promise<T> {
  const startedAt = Date.now();
  say(colors.bold(`• ${title}`));
  try {
    const result = await act((line) => say(indented(line)));
    const seconds = (Date.now() - startedAt) / 1000;
    // What took no time needs no line.
    if (seconds >= 1) say(indented(colors.green(`done in ${duration(seconds)}`)));
    return result;
  } catch (error) {
    say(indented(colors.red(`failed after ${duration((Date.now() - startedAt) / 1000)}`)));
    throw error;
  }
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** `0.4 s`, `12 s`, `3 min 05 s`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 100) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
