import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../../scripts/sandbox/ports.ts';
import { type Sandbox, startSandbox, stopSandbox } from '../../../scripts/sandbox/sandbox.ts';
import { sandboxClient, type SandboxClient } from './sandbox-client.ts';

/** A sandbox alone, with nothing that operates it. */
export interface OwnSandbox {
  project: string;
  stateDirectory: string;
  sandbox: Sandbox;
  client: SandboxClient;
  close(): Promise<void>;
}

export async function ownSandbox(name: string, { rows }: { rows: number }): Promise<OwnSandbox> {
  const project = `${name}-${process.pid}`;
  const stateDirectory = await mkdtemp(join(tmpdir(), `hermes-${name}-`));
  const sandbox = await startSandbox({ stateDirectory, project, ports: await freePorts(), rows });
  const client = await sandboxClient(sandbox);
  return {
    project,
    stateDirectory,
    sandbox,
    client,
    async close() {
      await client.close();
      await stopSandbox({ stateDirectory, project });
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}
