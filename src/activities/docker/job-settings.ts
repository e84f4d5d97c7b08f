import type Docker from 'dockerode';
import { pack } from 'tar-stream';

/** A command that runs in a container of its own and outlives the worker. */
export interface Job {
  /** Names the container, with the run: one job of that name a run. */
  step: string;
  image: string;
  /** Argument list; the first is the program. */
  argv: string[];
  /** Never a secret: `docker inspect` shows it. */
  env?: string[];
  /** Folders of the Docker host that exist: a missing one is refused, never made. */
  mounts: { source: string; target: string; readOnly: boolean }[];
  network: string;
  /** Secrets, as files that only the job's user may read. Absolute paths. */
  files: { path: string; content: string }[];
  /** Ports of the Docker host that lead to it: where it stands in for a service that is stopped meanwhile. */
  ports?: { hostIp: string; hostPort: string; containerPort: number }[];
  /** Names that it answers to on its network. */
  aliases?: string[];
}

/** How a job's container is made: the worker's own user, no rights, and behind every service when something is short. */
export function jobSettings(
  job: Job,
  { name, labels }: { name: string; labels: Record<string, string> },
): Docker.ContainerCreateOptions {
  return {
    name,
    Image: job.image,
    Entrypoint: job.argv.slice(0, 1),
    Cmd: job.argv.slice(1),
    Env: job.env ?? [],
    User: `${ownUid()}:${ownGid()}`,
    WorkingDir: '/',
    // PostgreSQL's images ask for SIGINT, which is for the server.
    StopSignal: 'SIGTERM',
    Labels: labels,
    Healthcheck: { Test: ['NONE'] },
    ...standIn(job),
    HostConfig: {
      PortBindings: Object.fromEntries(
        (job.ports ?? []).map(({ hostIp, hostPort, containerPort }) => [
          `${containerPort}/tcp`,
          [{ HostIp: hostIp, HostPort: hostPort }],
        ]),
      ),
      Mounts: job.mounts.map(({ source, target, readOnly }) => ({
        Type: 'bind' as const,
        Source: source,
        Target: target,
        ReadOnly: readOnly,
      })),
      NetworkMode: job.network,
      RestartPolicy: { Name: 'no' },
      // Customers come first: a job gets an eighth of a service's share of the CPU, and dies first when memory ends.
      CpuShares: 128,
      // An engine that cannot weigh the disk says so and goes on.
      BlkioWeight: 100,
      OomScoreAdj: 500,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '1' } },
      Init: true,
    },
  };
}

/** What makes a job reachable in the place of a service. */
function standIn({ network, ports = [], aliases = [] }: Job): Docker.ContainerCreateOptions {
  return {
    ExposedPorts: Object.fromEntries(ports.map(({ containerPort }) => [`${containerPort}/tcp`, {}])),
    ...(aliases.length === 0
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: aliases } } } }),
  };
}

/** The job's files, for its user only. */
export async function archiveOf({ files }: Job): Promise<Buffer> {
  const archive = pack();
  for (const { path, content } of files) {
    archive.entry({ name: path.replace(/^\//, ''), mode: 0o600, uid: ownUid(), gid: ownGid() }, content);
  }
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));
  return Buffer.concat(chunks);
}

/** The worker's own user: what a job writes, the worker can read. */
function ownUid(): number {
  return process.getuid?.() ?? 0;
}

function ownGid(): number {
  return process.getgid?.() ?? 0;
}
