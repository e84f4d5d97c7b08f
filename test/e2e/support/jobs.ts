import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { expect, vi } from 'vitest';
import { jobName, type JobOutcome, removeJob, runJob } from '../../../src/activities/docker/job-container.ts';
import type { Job } from '../../../src/activities/docker/job-settings.ts';
import { type ComposeProject, testImage } from './compose-project.ts';
import type { Attempt } from './run.ts';

const step = 'test';

/** Jobs of a test project: made, run in an attempt, looked at. */
export interface TestJobs {
  of(script: string, more?: Partial<Job>): Job;
  run(attempt: Attempt, job: Job): Promise<JobOutcome>;
  remove(attempt: Attempt): Promise<void>;
  nameIn(attempt: Attempt): Promise<string>;
  containersOf(runId: string): Promise<Docker.ContainerInfo[]>;
  inspectOf(runId: string): Promise<Docker.ContainerInspectInfo>;
  /** A job that writes a line into its folder each time that it starts, and then waits for the file `go`. */
  counted(name: string): Promise<{ job: Job; folder: string; starts(this: void): Promise<number> }>;
}

export function testJobs(project: () => ComposeProject): TestJobs {
  const of: TestJobs['of'] = (script, more = {}) => ({
    step,
    image: testImage,
    argv: ['sh', '-c', script],
    mounts: [],
    network: project().network,
    files: [],
    ...more,
  });
  const containersOf: TestJobs['containersOf'] = async (runId) =>
    project().docker.listContainers({ all: true, filters: { label: [`hermes-ops.run=${runId}`] } });
  return {
    of,
    containersOf,
    run: async (attempt, job) => attempt.do(() => runJob(project().setting, job, () => undefined)),
    remove: async (attempt) => attempt.do(() => removeJob(project().setting, step)),
    nameIn: async (attempt) => attempt.do(async () => jobName(project().setting, step)),
    inspectOf: async (runId) => {
      const [{ Id } = { Id: 'none' }] = await containersOf(runId);
      return project().docker.getContainer(Id).inspect();
    },
    counted: async (name) => {
      const folder = join(project().directory, name);
      await mkdir(folder);
      const job = of(
        'echo started >> /job/starts; while [ ! -e /job/go ]; do sleep 0.05; done; echo done; exit 3',
        { mounts: [{ source: folder, target: '/job', readOnly: false }] },
      );
      const starts = async (): Promise<number> =>
        (await readFile(join(folder, 'starts'), 'utf8')).trim().split('\n').length;
      return { job, folder, starts };
    },
  };
}

export async function untilFile(folder: string, file: string): Promise<void> {
  await vi.waitFor(async () => expect(await readdir(folder)).toContain(file), {
    timeout: 20_000,
    interval: 20,
  });
}
