import type { Inspected } from './copy-of.ts';

/** A line of what a container changed in its file system: 0 changed, 1 added, 2 deleted. */
export interface FileChange {
  Path: string;
  Kind: number;
}

/** What a process writes for itself while it runs: a copy makes its own. */
const ownWriting = [
  /^\/(?:tmp|run|proc|sys|dev|var\/(?:tmp|run|log|cache|lock|lib\/nginx))(?:\/|$)/,
  /^\/etc\/(?:hosts|hostname|resolv\.conf|mtab)$/,
  // Where the engine mounts the first process of a container with `init: true`.
  /^(?:\/usr)?\/s?bin\/docker-init$/,
  /\/(?:__pycache__|\.cache|\.pytest_cache|node_modules\/\.cache)(?:\/|$)/,
  /\.(?:pyc|pid|log|sock)$/,
  /^(?:\/root|\/home\/[^/]+)\/\.[^/]*(?:history|rnd|lesshst)$/,
];
const namedFiles = 3;

/**
 * Why a copy of this container would lack something, in words for a person; empty when it would not. What `inspect`
 * does not show at all (compose's inline secrets, what somebody put in by hand) shows among the changed files.
 */
export function uncopyable(original: Inspected, changes: readonly FileChange[]): string[] {
  const { HostConfig, Mounts } = original;
  const modes = [
    ['network', HostConfig.NetworkMode],
    ['process', HostConfig.PidMode],
    ['IPC', HostConfig.IpcMode],
  ] as const;
  const shared = modes
    .filter(([, mode]) => mode?.startsWith('container:') === true || mode === 'host')
    .map(([what, mode]) => `it shares the ${what} namespace (${mode})`);
  const linked = Array.isArray(HostConfig.Links) && HostConfig.Links.length > 0;
  const files = filesPutIn(
    changes,
    Mounts.map(({ Destination }) => Destination),
  );
  return [
    ...shared,
    ...(linked ? ['it is joined to other containers by links'] : []),
    ...(HostConfig.AutoRemove === true ? ['Docker removes it as soon as it stops'] : []),
    ...(original.State.Paused ? ['it is paused'] : []),
    ...(files.length === 0 ? [] : [`files that its image does not have: ${listed(files)}`]),
  ];
}

function filesPutIn(changes: readonly FileChange[], mounts: string[]): string[] {
  const paths = changes.filter(({ Kind }) => Kind !== 2).map(({ Path }) => Path);
  return paths.filter(
    (path) =>
      !paths.some((other) => other.startsWith(`${path}/`)) &&
      !mounts.some(
        (mount) => mount === path || path.startsWith(`${mount}/`) || mount.startsWith(`${path}/`),
      ) &&
      !ownWriting.some((pattern) => pattern.test(path)),
  );
}

function listed(files: string[]): string {
  const more = files.length - namedFiles;
  return `${files.slice(0, namedFiles).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
