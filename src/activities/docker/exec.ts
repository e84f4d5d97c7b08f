import type { Setting } from '../setting.ts';
import { engineCall } from './engine.ts';
import { demultiplex } from './output.ts';

const maxOutputBytes = 1024 * 1024;

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs an argument list inside a container. Output past 1 MiB is cut. Throws Unreachable when the engine is away. */
export async function execIn({ docker }: Setting, containerId: string, argv: string[]): Promise<ExecResult> {
  return engineCall(`Running ${argv[0] ?? ''} in a container`, async () => {
    const exec = await docker
      .getContainer(containerId)
      .exec({ Cmd: argv, AttachStdout: true, AttachStderr: true, Tty: false });
    const stream = await exec.start({ hijack: true, stdin: false });
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of stream) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      sizeBytes += bytes.length;
      if (sizeBytes <= maxOutputBytes) chunks.push(bytes);
    }
    const { ExitCode } = await exec.inspect();
    return { exitCode: ExitCode ?? -1, ...demultiplex(Buffer.concat(chunks)) };
  });
}
