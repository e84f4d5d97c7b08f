import { problem } from '../../problem.ts';
import type { Setting } from '../setting.ts';
import { engineCall } from './engine.ts';
import { demultiplex } from './output.ts';

const maxOutputBytes = 1024 * 1024;

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs an argument list inside a container. Output past 1 MiB is cut. Throws Unreachable when the engine is away, or
 * when the program goes on for longer than `timeoutMs` (it then goes on unheard: an exec cannot be ended).
 */
export async function execIn(
  { docker }: Setting,
  containerId: string,
  argv: string[],
  timeoutMs = 30_000,
  /** Another user than the container's own. */
  user?: string,
): Promise<ExecResult> {
  const program = argv[0] ?? '';
  return engineCall(`Running ${program} in a container`, async () => {
    const exec = await docker.getContainer(containerId).exec({
      Cmd: argv,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      ...(user === undefined ? {} : { User: user }),
    });
    const stream = await exec.start({ hijack: true, stdin: false });
    const timer = setTimeout(() => stream.destroy(tooLong(program, timeoutMs)), timeoutMs);
    try {
      const output = await readCapped(stream);
      const { ExitCode } = await exec.inspect();
      return { exitCode: ExitCode ?? -1, ...demultiplex(output) };
    } finally {
      clearTimeout(timer);
    }
  });
}

async function readCapped(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    sizeBytes += bytes.length;
    if (sizeBytes <= maxOutputBytes) chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function tooLong(program: string, timeoutMs: number): Error {
  return problem('Unreachable', {
    what: `${program} in the container did not end within ${timeoutMs / 1000} s.`,
    next: 'It is tried again.',
  });
}
