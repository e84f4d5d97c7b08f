import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sandboxSources } from '../../../scripts/sandbox/folders.ts';
import { freePorts } from '../../../scripts/sandbox/ports.ts';
import { type Sandbox, startSandbox, stopSandbox } from '../../../scripts/sandbox/sandbox.ts';
import { compose } from '../../e2e/support/compose.ts';

/** A sandbox on which compose can scale: HERMES's own file gives the api a fixed name and a published port. */
export interface ScalableCopy {
  sandbox: Sandbox;
  /** As the runbook says, and nginx reloaded, which it forgets: without that, new ones are never asked. */
  scale(replicas: number): Promise<void>;
  close(): Promise<void>;
}

const fixed = [/^ {4}container_name: .*-api\n/m, /^ {4}ports:\n.*HERMES_API_PORT.*\n/m];

export async function startScalableCopy(stateDirectory: string, rows: number): Promise<ScalableCopy> {
  const project = `bench-by-hand-${process.pid}`;
  const started = { stateDirectory, project, rows, healthIntervalS: 30 };
  const sandbox = await startSandbox({ ...started, ports: await freePorts() });
  const file = join(sandbox.folders.root, 'docker-compose.scalable.yml');
  let text = await readFile(join(sandboxSources, 'docker-compose.yml'), 'utf8');
  for (const line of fixed) {
    if (!line.test(text)) throw new Error(`The sandbox's compose file has no ${line.source}`);
    text = text.replace(line, '');
  }
  await writeFile(file, text);
  const copy: ScalableCopy = {
    sandbox,
    async scale(replicas) {
      await compose(sandbox, ['up', '-d', '--scale', `api=${replicas}`], { file });
      await compose(sandbox, ['exec', '-T', 'nginx', 'nginx', '-s', 'reload'], { file });
    },
    close: () => stopSandbox({ stateDirectory, project }),
  };
  await copy.scale(1);
  return copy;
}
