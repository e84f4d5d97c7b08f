import { extract } from 'tar-stream';
import type { Setting } from '../setting.ts';
import { engineCall, unlessGone } from './engine.ts';
import { jobName } from './job-container.ts';

const maxBytes = 4 * 1024 * 1024;

/** The text of a file in this run's job container, ended or not; its last 4 MiB. Empty where there is none. */
export async function readJobFile(setting: Setting, step: string, path: string): Promise<string> {
  const container = setting.docker.getContainer(jobName(setting, step));
  return engineCall(`Reading ${path} of the job ${step}`, async () => {
    const archive = await unlessGone(() => container.getArchive({ path }));
    return archive === undefined ? '' : textIn(archive);
  });
}

async function textIn(archive: NodeJS.ReadableStream): Promise<string> {
  const entries = archive.pipe(extract());
  const chunks: Buffer[] = [];
  for await (const entry of entries) {
    for await (const chunk of entry) {
      if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    }
  }
  return Buffer.concat(chunks).subarray(-maxBytes).toString('utf8');
}
