import type Docker from 'dockerode';
import type { Installation } from './installation.ts';

export interface OneMore {
  name: string;
  labels: Record<string, string>;
  argv: string[];
  /** Its limit, bytes; none by default. */
  memory?: number;
}

/** One more container beside the stack's, of the api's image, until `act` is done. */
export async function withOneMore(
  { docker, sandbox }: Pick<Installation, 'docker' | 'sandbox'>,
  { name, labels, argv, memory = 0 }: OneMore,
  act: (container: Docker.Container) => Promise<void>,
): Promise<void> {
  const { Config } = await docker.getContainer(sandbox.containers.api).inspect();
  const container = await docker.createContainer({
    name,
    Image: Config.Image,
    Entrypoint: [''],
    Cmd: argv,
    Labels: { 'hermes-ops.sandbox': 'true', ...labels },
    HostConfig: { Memory: memory, MemorySwap: memory, NetworkMode: 'none' },
    Healthcheck: { Test: ['NONE'] },
  });
  try {
    await container.start();
    await act(container);
  } finally {
    await container.remove({ force: true });
  }
}

/** The labels with which compose would have made it. */
export const ofCompose = (project: string, service: string): Record<string, string> => ({
  'com.docker.compose.project': project,
  'com.docker.compose.service': service,
  'com.docker.compose.oneoff': 'False',
});
