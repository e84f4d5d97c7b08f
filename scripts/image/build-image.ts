import { CommandFailed, run } from '../sandbox/command.ts';
import type { Log } from '../show.ts';

export interface BuildOptions {
  image: string;
  /** The folder with the Dockerfile. */
  context: string;
  log: Log;
  buildArgs?: Record<string, string>;
}

const noNetwork =
  /Temporary failure|Could not (?:resolve|connect)|failed to create endpoint|EAI_AGAIN|ENOTFOUND|ENETUNREACH/;

/** Builds an image, with its steps shown. Throws an Error with the end of the build's output. */
export async function buildImage({ image, context, log, buildArgs = {} }: BuildOptions): Promise<void> {
  log(`Building ${image}`);
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const said: string[] = [];
  const onLine = (line: string): void => {
    said.push(line);
    if (/^(?:Step \d|#\d+ \[)/.test(line)) log(line.slice(0, 110));
  };
  // Where containers have no network of their own, the build uses the host's.
  for (const network of [[], ['--network', 'host']]) {
    try {
      await run('docker', ['build', ...network, '--tag', image, ...args, context], {
        env: { BUILDKIT_PROGRESS: 'plain' },
        onLine,
      });
      log(`Built ${image}`);
      return;
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      if (network.length === 0 && said.some((line) => noNetwork.test(line))) continue;
      throw new Error(
        `Building ${image} failed; nothing was started. Its last lines:\n${said.slice(-20).join('\n')}`,
        { cause: error },
      );
    }
  }
}
