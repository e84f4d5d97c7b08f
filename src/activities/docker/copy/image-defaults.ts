import type { ImageConfig, Inspected } from './copy-of.ts';

const inherited = [
  'Cmd',
  'Entrypoint',
  'WorkingDir',
  'User',
  'Volumes',
  'Healthcheck',
  'StopSignal',
] as const;

/**
 * A container's configuration without what came from its image, so that another image brings its own: the engine
 * shows both as one.
 */
export function withoutImageDefaults(config: Inspected['Config'], image: ImageConfig): Inspected['Config'] {
  const imageSays: Record<string, unknown> = { ...image };
  const fromImage = inherited.filter((field) => isSame(config[field], imageSays[field]));
  const kept = Object.entries(config).filter(([field]) => !fromImage.some((one) => one === field));
  const imageEnv = new Set(image.Env ?? []);
  return {
    ...(Object.fromEntries(kept) as Inspected['Config']),
    Env: (config.Env ?? []).filter((entry) => !imageEnv.has(entry)),
    Labels: withoutEntries(config.Labels ?? {}, image.Labels ?? {}),
  };
}

function withoutEntries(all: Record<string, string>, gone: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => gone[name] !== value));
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}
