import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import type { Sandbox } from './sandbox.ts';

export interface SandboxStackOptions {
  file: string;
  /** Where backups go. */
  backups: string;
  /** The worker's task queue; several stacks may share one Temporal server. */
  taskQueue?: string;
  undoWindow?: string;
  /** Keys that replace or add to whole sections. */
  sections?: Record<string, unknown>;
}

/** Writes the stack file of a sandbox: HERMES's defaults, and where this one differs. */
export async function writeSandboxStack(sandbox: Sandbox, options: SandboxStackOptions): Promise<void> {
  const { file, backups, taskQueue = 'hermes-ops', undoWindow = '24h', sections = {} } = options;
  const stack = {
    stack: sandbox.project,
    compose: { project: sandbox.project },
    database: { name: 'hermes' },
    backups: { directory: backups, minimumFreeSpace: '200MiB' },
    restore: { undoWindow },
    service: { url: sandbox.baseUrl, caFile: sandbox.caFile },
    temporal: { taskQueue },
    ...certificateSections(sandbox),
    ...sections,
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `# The sandbox ${sandbox.project}. Written anew at each start.\n${stringify(stack)}`);
}

/** What a sandbox with a certificate authority adds: its names, where to order, and how customers get there. */
export function certificateSections({
  authority,
  serverName,
  ports,
  caFile,
}: Sandbox): Record<'service' | 'proxy' | 'certificates', object> | undefined {
  if (authority === undefined) return undefined;
  return {
    service: {
      url: `https://${serverName}:${ports.https}`,
      connectTo: `127.0.0.1:${ports.https}`,
      caFile,
    },
    proxy: { httpPort: ports.http },
    certificates: {
      hostnames: authority.hostnames,
      letsencryptDirectory: authority.letsencrypt,
      incomingDirectory: authority.incoming,
      acmeServer: authority.directoryUrl,
      acmeCaFile: authority.caFile,
      certbotImage: authority.certbotImage,
    },
  };
}

/** The secrets that the stack file names, as environment variables of the worker. */
export function sandboxVariables({ secrets }: Sandbox): Record<string, string> {
  return {
    POSTGRES_PASSWORD: secrets.postgresPassword,
    REDIS_PASSWORD: secrets.redisPassword,
    ADMIN_TOKEN: secrets.adminToken,
    TEST_TOKEN: secrets.testToken,
  };
}
