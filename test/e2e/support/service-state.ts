import { request } from 'undici';
import type { Installation } from './installation.ts';

/** What stands of the api, and what nginx is told: what a procedure must leave as it was. */
export interface ServiceState {
  containers: ContainerState[];
  /** By the containers' names. */
  startedAt: Record<string, string>;
  /** Lines of nginx's hosts file that name more than its own machine. */
  hosts: string[];
  /** The status of the api's published port. */
  publishedPort: number;
}

interface ContainerState {
  name: string;
  image: string;
  running: boolean;
  labels: Record<string, string>;
  aliases: string[];
  ports: string[];
  memoryBytes: number;
  env: string[];
}

/** Every container that has to do with the api: compose's, replicas, copies, what is kept for a way back. */
export async function serviceState(hermes: Installation): Promise<ServiceState> {
  const { docker, project, sandbox } = hermes;
  const all = await docker.listContainers({ all: true });
  const ids = all
    .filter(({ Names, Labels }) => {
      const isService =
        Labels['com.docker.compose.project'] === project && Labels['com.docker.compose.service'] === 'api';
      return (
        isService ||
        Labels['hermes-ops.stack'] === project ||
        Names.some((name) => name.includes(`${project}-api`))
      );
    })
    .map(({ Id }) => Id);
  const infos = await Promise.all(ids.map((id) => docker.getContainer(id).inspect()));
  infos.sort((a, b) => (a.Name < b.Name ? -1 : 1));
  return {
    containers: infos.map((info) => ({
      name: info.Name,
      image: info.Image,
      running: info.State.Running,
      labels: info.Config.Labels,
      aliases: Object.values(info.NetworkSettings.Networks)
        .flatMap(({ Aliases }) => (Array.isArray(Aliases) ? Aliases.map(String) : []))
        .filter((alias) => alias !== info.Id.slice(0, 12)),
      ports: Object.values(info.HostConfig.PortBindings ?? {}).map((binding) => JSON.stringify(binding)),
      memoryBytes: info.HostConfig.Memory ?? 0,
      env: info.Config.Env,
    })),
    startedAt: Object.fromEntries(infos.map(({ Name, State }) => [Name, State.StartedAt])),
    hosts: await toldHosts(hermes),
    publishedPort: await request(`${sandbox.apiUrl}/health`).then(
      async ({ statusCode, body }) => {
        await body.dump();
        return statusCode;
      },
      () => 0,
    ),
  };
}

/** The lines that hermes-ops has put into nginx's hosts file. */
export async function toldHosts({ docker, sandbox }: Installation): Promise<string[]> {
  const exec = await docker
    .getContainer(sandbox.containers.nginx)
    .exec({ Cmd: ['cat', '/etc/hosts'], AttachStdout: true, Tty: true });
  const stream = await exec.start({ hijack: true, stdin: false });
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text.split(/\r?\n/).filter((line) => line.includes('hermes-ops'));
}
