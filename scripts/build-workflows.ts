import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from './project.ts';

/**
 * Bundles the workflows into dist/workflow-bundle.js, which the worker loads. Does nothing when no source has changed.
 * Throws an Error when a workflow imports what it must not, or does not compile.
 */
export async function buildWorkflows({ log }: { log: (line: string) => void }): Promise<void> {
  const bundleFile = join(projectRoot, 'dist', 'workflow-bundle.js');
  const stampFile = join(projectRoot, 'dist', '.workflow-bundle-sources');
  const stamp = await hashOfSources();
  if (existsSync(bundleFile) && (await textOf(stampFile)) === stamp) return;
  log('Bundling the workflows …');
  const code = await bundle();
  await mkdir(join(projectRoot, 'dist'), { recursive: true });
  // A worker that starts meanwhile finds the old bundle or the new one, never a half.
  await writeFile(`${bundleFile}.${process.pid}`, code);
  await rename(`${bundleFile}.${process.pid}`, bundleFile);
  await writeFile(stampFile, stamp);
}

async function bundle(): Promise<string> {
  // Loaded only when there is something to do: it takes half a second.
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const workflows = join(projectRoot, 'src', 'workflows');
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(workflows, 'index.ts'),
    workflowInterceptorModules: [join(workflows, 'interceptors.ts')],
    payloadConverterPath: join(workflows, 'payload-converter.ts'),
    logger: new DefaultLogger('WARN'),
  });
  return code;
}

/** All of src and the packages' versions: a precise list of what went in would save little. */
async function hashOfSources(): Promise<string> {
  const sources = (await readdir(join(projectRoot, 'src'), { recursive: true }))
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => join('src', file));
  const hash = createHash('sha256');
  for (const file of [...sources, 'package-lock.json', join('scripts', 'build-workflows.ts')]) {
    hash.update(`${file}\0`).update(await readFile(join(projectRoot, file)));
  }
  return hash.digest('hex');
}

async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
