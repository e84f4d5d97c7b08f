import { isIP } from 'node:net';

/** How nginx's configuration reaches a service. */
export interface Upstream {
  /** Names that it resolves when it loads its configuration. */
  names: string[];
  /** Why what it resolves cannot be decided by its hosts file. */
  unsteerable: string[];
}

/** Reads what `nginx -T` prints. Pure. `fallback` is compose's name of the service. */
export function upstreamOf(
  configuration: string,
  { upstream, port, fallback }: { upstream: string; port: number; fallback: string },
): Upstream {
  const text = configuration.replaceAll(/(^|\s)#[^\n]*/g, '$1');
  const block = blockOf(text, upstream);
  const servers = [...(block ?? '').matchAll(/(?:^|[;{\s])server\s+([^;]+);/g)].map(([, words = '']) =>
    words.trim().split(/\s+/),
  );
  const passed = [...text.matchAll(/\bproxy_pass\s+https?:\/\/([^\s;/]+)/g)].map(([, host = '']) => host);
  const hosts =
    block === undefined
      ? passed.filter((host) => host.endsWith(`:${port}`))
      : servers.map(([host = '']) => host);
  const names = [...new Set(hosts.map((host) => host.replace(/:\d+$/, '')))].filter(
    (host) => host !== '' && !host.includes('$') && !host.startsWith('unix:') && isIP(host) === 0,
  );
  const isFixed = hosts.length > 0 && names.length === 0;
  const resolves =
    servers.some((words) => words.includes('resolve')) ||
    (/\bresolver\s+[^;]+;/.test(text) && /\bproxy_pass\s+https?:\/\/[^;]*\$/.test(text));
  return {
    names: names.length > 0 ? names : [fallback],
    unsteerable: [
      ...(resolves ? ['nginx resolves the name by itself (resolver), and does not ask its hosts file'] : []),
      ...(isFixed ? ['nginx is told addresses instead of a name'] : []),
    ],
  };
}

function blockOf(text: string, upstream: string): string | undefined {
  const escaped = upstream.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(String.raw`\bupstream\s+${escaped}\s*\{([^}]*)\}`).exec(text)?.[1];
}
