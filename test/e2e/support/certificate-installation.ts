import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { forgetLineages } from '../../../scripts/sandbox/authority.ts';
import { lifetime, type SandboxPair } from '../../../scripts/sandbox/certificates.ts';
import { run } from '../../../scripts/sandbox/command.ts';
import type { WorkerProcess } from '../../../scripts/worker-process.ts';
import { certificateSections } from '../../../scripts/sandbox/stack-file.ts';
import type { Notice } from '../../../src/activities/contract/runs.ts';
import { type AuthorityFront, openFront } from './authority-front.ts';
import { fingerprintIn, pairFor, reload, serve } from './certificate-ground.ts';
import { install, type Installation, schedulesOff } from './installation.ts';
import { start } from './runs.ts';

/** An installation whose certificates come from a real authority, with a worker where asked for. */
export interface CertificateInstallation extends Installation {
  front: AuthorityFront;
  /** Two pairs of the sandbox's own: 10 of 90 days are left of one, 80 of the other. */
  due: SandboxPair;
  fresh: SandboxPair;
  /** For the next test: that pair is served, certbot has none, the front has counted nothing. Returns its fingerprint. */
  prepare(pair?: SandboxPair): Promise<string>;
  renew(input?: Record<string, unknown>): Promise<WorkflowHandle>;
  /** Gives the name of certbot's image to another one. */
  certbotIs(image: string): Promise<void>;
  /** A new worker in the place of the one that ran, with other keys in the stack file's `certificates`. */
  restartWorker(certificates: Record<string, unknown>): Promise<WorkerProcess>;
  /** What people were told since the last preparation. */
  notices(): Promise<Notice[]>;
  /** The written record of a run. */
  recordOf(handle: WorkflowHandle): Promise<string>;
  /** Does something while nginx's configuration is another text, which it is told of only when asked to. */
  withConfiguration<T>(change: (text: string) => string, act: () => Promise<T>): Promise<T>;
}

export interface AuthorityOptions {
  /** Whether a worker is started; the caller starts its own otherwise. */
  worker?: boolean;
  /** The schedules of its stack file; all are off by default. */
  schedules?: Record<string, object>;
}

export async function installWithAuthority(
  name: string,
  { worker = true, schedules = {} }: AuthorityOptions = {},
): Promise<CertificateInstallation> {
  const hermes = await install(name, { rows: 100, authority: true });
  try {
    const installation = await completed(hermes, name, schedules);
    if (worker) await installation.restartWorker({});
    return installation;
  } catch (error) {
    await hermes.close();
    throw error;
  }
}

async function completed(
  hermes: Installation,
  name: string,
  turnedOn: Record<string, object>,
): Promise<CertificateInstallation> {
  const { sandbox, directory } = hermes;
  const certbotImage = `hermes-ops-test-certbot:${hermes.project}`;
  const certbotIs = async (image: string): Promise<void> => {
    await run('docker', ['tag', image, certbotImage]);
  };
  await certbotIs(sandbox.authority?.certbotImage ?? '');
  const front = await openFront(hermes);
  const sections = certificateSections(sandbox);
  const certificates = { ...sections?.certificates, acmeServer: front.directoryUrl, certbotImage };
  const schedules = { ...schedulesOff.schedules, ...turnedOn };
  const writeStack = (more: Record<string, unknown>): Promise<void> =>
    hermes.writeStack({ sections: { schedules, ...sections, certificates: { ...certificates, ...more } } });
  await writeStack({});
  let worker: WorkerProcess | undefined;
  const due = await pairFor(hermes);
  const fresh = await pairFor(hermes, lifetime(80));
  const noticesFile = join(directory, 'state', 'notices.jsonl');
  let noticesBefore = 0;
  let count = 0;
  const allNotices = async (): Promise<Notice[]> => {
    const text = await readFile(noticesFile, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  };
  return {
    ...hermes,
    front,
    due,
    fresh,
    certbotIs,
    async restartWorker(more) {
      await worker?.stop();
      await writeStack(more);
      worker = await hermes.startWorker();
      return worker;
    },
    async prepare(pair = due) {
      await endRuns(hermes);
      await forgetLineages(sandbox.folders);
      front.reset();
      noticesBefore = (await allNotices()).length;
      await serve(hermes, pair);
      return fingerprintIn(pair.certificatePem);
    },
    renew(input = {}) {
      count += 1;
      return start(hermes.client, 'renewCertificate', `${name}-${count}`, { by: 'chris', ...input });
    },
    notices: async () => (await allNotices()).slice(noticesBefore),
    async recordOf({ workflowId }) {
      const folder = join(directory, 'state', 'records');
      const names = (await readdir(folder)).filter((file) => file.endsWith('.md'));
      const texts = await Promise.all(names.map((file) => readFile(join(folder, file), 'utf8')));
      return texts.find((text) => text.includes(workflowId)) ?? '';
    },
    async withConfiguration(change, act) {
      const { nginxConf } = sandbox.folders;
      const text = await readFile(nginxConf, 'utf8');
      // In place: the file is mounted by itself.
      await writeFile(nginxConf, change(text));
      try {
        return await act();
      } finally {
        await writeFile(nginxConf, text);
        await reload(hermes);
      }
    },
    async close() {
      await front.down();
      await hermes.close();
      await run('docker', ['rmi', '--no-prune', certbotImage]);
    },
  };
}

/** What a test before left that failed half-way: one failure must not look like many. */
async function endRuns({ client }: Installation): Promise<void> {
  for await (const { workflowId, runId } of client.workflow.list({ query: `ExecutionStatus = 'Running'` })) {
    await client.workflow
      .getHandle(workflowId, runId)
      .terminate('left by a test')
      .catch(() => undefined);
  }
}
