import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const keptErrorLines = 15;

export interface CommandOptions {
  /** Added to this process's environment. The place for what must not be in an argument list. */
  env?: Record<string, string>;
  /** Text for its standard input. */
  input?: string;
  /** Called with each line of output, as it comes. */
  onLine?: (line: string) => void;
  /** Ends the command after this long. */
  timeoutMs?: number;
}

/** A command that could not be started, failed, or took too long. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly exitCode: number | undefined;

  constructor(message: string, exitCode: number | undefined, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Runs a program with a list of arguments, without a shell. Returns its standard output. Throws CommandFailed. */
export async function run(program: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const { env, input, onLine, timeoutMs } = options;
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: 'pipe',
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  });
  // A program that ends before it has read everything closes the pipe; its exit code says why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);

  const output: string[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    output.push(line);
    onLine?.(line);
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    errors.push(line);
    if (errors.length > keptErrorLines) errors.shift();
    onLine?.(line);
  });

  const what = [program, ...args].join(' ');
  const { code, signal } = await ended(child, what);
  if (code === 0) return output.join('\n');
  const how = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
  throw new CommandFailed(
    `\`${what}\` ${how}: ${errors.join('\n') || '(it said nothing)'}`,
    code ?? undefined,
  );
}

/** Whether a program is there and its command succeeds. */
export async function answers(program: string, args: string[]): Promise<boolean> {
  try {
    await run(program, args, { timeoutMs: 15_000 });
    return true;
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}

function ended(
  child: ReturnType<typeof spawn>,
  what: string,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      reject(new CommandFailed(`\`${what}\` cannot be started: ${cause.message}`, undefined, { cause }));
    });
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    });
  });
}
