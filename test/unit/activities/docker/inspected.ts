import type { ImageConfig, Inspected } from '../../../../src/activities/docker/copy/copy-of.ts';

const id = '3cd8865b50270c68682f27b0eae5413bdbbde24e1741ce8a5d371446e748238c';

type Changes = {
  [Key in 'Config' | 'HostConfig' | 'NetworkSettings' | 'State']?: Partial<Inspected[Key]>;
} & { Mounts?: Inspected['Mounts'] };

/** HERMES's api as Docker 20.10 shows it, with what a test changes of it. */
export function inspected(changes: Changes = {}): Inspected {
  const whole = {
    Id: id,
    Name: '/hermes-api',
    Image: `sha256:${'b'.repeat(64)}`,
    Path: 'uvicorn',
    Args: ['hermes.main:app'],
    RestartCount: 0,
    Mounts: changes.Mounts ?? [],
    State: { Running: true, Paused: false, Restarting: false, Status: 'running', ...changes.State },
    HostConfig: {
      Binds: ['/srv/data:/data:ro'],
      NetworkMode: 'hermes_default',
      PortBindings: { '8000/tcp': [{ HostIp: '', HostPort: '8000' }] },
      PublishAllPorts: true,
      RestartPolicy: { Name: 'unless-stopped' },
      IpcMode: 'private',
      Memory: 4_294_967_296,
      MemorySwap: 8_589_934_592,
      NanoCpus: 2_000_000_000,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m' } },
      ...changes.HostConfig,
    },
    Config: {
      Hostname: id.slice(0, 12),
      Domainname: '',
      User: 'hermes',
      Tty: false,
      OpenStdin: false,
      StdinOnce: false,
      ExposedPorts: { '8000/tcp': {} },
      Env: ['B=2', 'A=1', 'B=3', 'PATH=/usr/bin'],
      Cmd: ['uvicorn', 'hermes.main:app'],
      Image: 'hermes-api:2.4',
      Volumes: null,
      WorkingDir: '/srv/hermes',
      Entrypoint: null,
      Labels: {
        'com.docker.compose.project': 'hermes',
        'com.docker.compose.service': 'api',
        'com.docker.compose.container-number': '1',
        'com.docker.compose.version': '1.29.2',
        'hermes-ops.sandbox': 'true',
        team: 'voice',
      },
      Healthcheck: { Test: ['CMD', 'curl', '-f', 'http://localhost:8000/health'], Interval: 30_000_000_000 },
      StopSignal: 'SIGINT',
      StopTimeout: 25,
      ...changes.Config,
    },
    NetworkSettings: {
      Networks: {
        hermes_default: {
          Aliases: [id.slice(0, 12), 'api'],
          IPAddress: '172.21.0.4',
          IPAMConfig: { IPv4Address: '172.21.0.4' },
          Links: null,
          DriverOpts: null,
          MacAddress: '02:42:ac:15:00:04',
        },
        hermes_metrics: { Aliases: ['api-metrics'], IPAddress: '172.22.0.4', IPAMConfig: null, Links: null },
      },
      ...changes.NetworkSettings,
    },
  };
  return whole as unknown as Inspected;
}

/** What the image of `inspected` brings along. */
export function image(changes: object = {}): ImageConfig {
  const whole = {
    Env: ['PATH=/usr/bin'],
    Cmd: ['uvicorn', 'hermes.main:app'],
    Entrypoint: null,
    Labels: { team: 'voice' },
    WorkingDir: '/srv/hermes',
    User: 'hermes',
    ...changes,
  };
  return whole as unknown as ImageConfig;
}
