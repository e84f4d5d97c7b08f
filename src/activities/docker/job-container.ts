import { CancelledFailure, Context } from '@temporalio/activity';
import type Docker from 'dockerode';
import { problem } from '../../problem.ts';
import { currentOwner, ownerLabels, ownerOfLabels, shortRunId } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { engineCall, engineStatus, unlessGone } from './engine.ts';
import { readableLog } from './job-log.ts';
import { archiveOf, type Job, jobSettings } from './job-settings.ts';
import { demultiplex } from './output.ts';

const lookIntervalMs = 300;
const stopGraceSeconds = 10;
const looksForNewContainer = 10;

export interface JobOutcome {
  exitCode: number;
  oomKilled: boolean;
  /** The last lines of its output, without what they quote of rows. */
  log: string;
  startedAt: string;
  finishedAt: string;
}

/** The name of this run's job for a step. */
export function jobName({ stack }: Setting, step: string): string {
  return `hermes-ops-${stack.stack}-${step}-${shortRunId(currentOwner(stack.stack).runId)}`;
}

/** Whether this run's job for the step exists: about to start, running or ended. */
export async function jobExists(setting: Setting, step: string): Promise<boolean> {
  const name = jobName(setting, step);
  return engineCall('Looking for a job', async () => {
    for (const either of [name, startableName(name)]) {
      const container = setting.docker.getContainer(either);
      if ((await unlessGone(() => container.inspect())) !== undefined) return true;
    }
    return false;
  });
}

/**
 * Runs a job to its end, or waits for the one that an earlier attempt started: nothing starts twice. The container
 * stays until `removeJob`, so that its outcome can be recorded first. A cancelled procedure stops it; a worker that
 * shuts down leaves it running.
 */
export async function runJob(
  setting: Setting,
  job: Job,
  onLook: () => Promise<void> | void,
): Promise<JobOutcome> {
  const container = await ensureStarted(setting, job);
  try {
    for (;;) {
      const info = await engineCall(`Watching the job ${job.step}`, () =>
        unlessGone(() => container.inspect()),
      );
      if (info === undefined || info.State.Status === 'removing' || info.State.Dead) throw gone(job);
      if (!info.State.Running && info.State.Status !== 'created') return outcomeOf(container, info);
      await onLook();
      await Context.current().sleep(lookIntervalMs);
    }
  } catch (error) {
    // Only a cancelled procedure ends the job. Any other cancellation may be a stale attempt's, beside a live one.
    if (error instanceof CancelledFailure && error.message === 'CANCELLED')
      await removeJob(setting, job.step);
    throw error;
  }
}

/** Stops and removes this run's job of that step. Gone already is success. */
export async function removeJob(setting: Setting, step: string): Promise<void> {
  const name = jobName(setting, step);
  await removeContainer(setting, startableName(name));
  await removeContainer(setting, name);
}

/** Stops and removes a job's container, by name or id, with the anonymous volumes that its image asks for. */
export async function removeContainer({ docker }: Setting, name: string): Promise<void> {
  const container = docker.getContainer(name);
  await engineCall(`Removing ${name}`, async () => {
    await unlessGone(() => container.stop({ t: stopGraceSeconds }));
    await unlessGone(async () => {
      try {
        await container.remove({ force: true, v: true });
      } catch (error) {
        // 409: somebody removes it at this moment.
        if (engineStatus(error) !== 409) throw error;
      }
    });
  });
}

function gone(job: Job): Error {
  return problem('JobFailed', { what: `The job ${job.step} was removed by somebody while it ran.` });
}

async function ensureStarted(setting: Setting, job: Job): Promise<Docker.Container> {
  return engineCall(`Starting the job ${job.step}`, async () => {
    try {
      return (await startedJob(setting, job)) ?? (await start(setting, job));
    } catch (error) {
      throw refused(job, error);
    }
  });
}

/** The name under which a job can be started: it loses it when it is. */
function startableName(name: string): string {
  return `${name}-new`;
}

async function startedJob(setting: Setting, job: Job): Promise<Docker.Container | undefined> {
  const container = setting.docker.getContainer(jobName(setting, job.step));
  const info = await unlessGone(() => container.inspect());
  if (info === undefined) return undefined;
  assertOwn(setting, job, info);
  return container;
}

/**
 * Starts a job once. The engine starts an ended container again for anyone who asks, such as a worker that was frozen
 * between its look and its start: so the name that the start is asked for is taken away by the start.
 */
async function start(setting: Setting, job: Job): Promise<Docker.Container> {
  const name = jobName(setting, job.step);
  const startable = setting.docker.getContainer(startableName(name));
  await create(setting, job, startableName(name));
  // Looked at once more with the name in hand: another attempt may have started it meanwhile.
  const other = await startedJob(setting, job);
  if (other === undefined) {
    await unlessGone(async () => {
      if ((await startable.inspect()).State.Status === 'created') {
        await startable.putArchive(await archiveOf(job), { path: '/' });
        await startable.start();
      }
    });
    await unlessTaken(() => startable.rename({ name }));
  } else {
    await removeContainer(setting, startableName(name));
  }
  const started = await startedJob(setting, job);
  if (started !== undefined) return started;
  throw problem('StillHeld', { what: `The job ${job.step} was started and removed by another attempt.` });
}

/** Another attempt may have renamed it first: it has the name already (400), or not the old one (404). */
async function unlessTaken(rename: () => Promise<unknown>): Promise<void> {
  try {
    await rename();
  } catch (error) {
    const status = engineStatus(error);
    if (status !== 400 && status !== 404 && status !== 409) throw error;
  }
}

function assertOwn(setting: Setting, job: Job, info: Docker.ContainerInspectInfo): void {
  if (ownerOfLabels(info.Config.Labels)?.runId === currentOwner(setting.stack.stack).runId) return;
  throw problem('JobFailed', {
    what: `The name ${info.Name.replace(/^\//, '')} of the job ${job.step} belongs to a container of somebody else.`,
    next: 'Look at it, and remove it if it is not needed.',
  });
}

/** The engine's refusal of a job, in words: what asking again does not change is a failure for good. */
function refused(job: Job, error: unknown): unknown {
  const status = engineStatus(error);
  if (status === undefined || status >= 500) return error;
  const why = error instanceof Error ? error.message : String(error);
  if (status === 409) {
    return problem(
      'StillHeld',
      { what: `The container of the job ${job.step} is being changed: ${why}.` },
      error,
    );
  }
  return problem(
    'JobFailed',
    {
      what: `The Docker engine refused the job ${job.step} of the image ${job.image}: ${why}.`,
      state: 'Nothing was started.',
    },
    error,
  );
}

async function create(setting: Setting, job: Job, name: string): Promise<void> {
  const owner = currentOwner(setting.stack.stack);
  try {
    await setting.docker.createContainer(jobSettings(job, { name, labels: ownerLabels(owner, job.step) }));
  } catch (error) {
    if (engineStatus(error) !== 409) throw error;
    await untilThere(setting.docker.getContainer(name));
  }
}

/** The engine takes a name a moment before it knows the container: another attempt may be between the two. */
async function untilThere(container: Docker.Container): Promise<void> {
  for (let look = 0; look < looksForNewContainer; look += 1) {
    if ((await unlessGone(() => container.inspect())) !== undefined) return;
    await Context.current().sleep(lookIntervalMs);
  }
}

async function outcomeOf(
  container: Docker.Container,
  info: Docker.ContainerInspectInfo,
): Promise<JobOutcome> {
  // All of it, at most 1 MB: a tail could begin within a row that an error quotes.
  const raw = await engineCall(`Reading the output of ${info.Name}`, () =>
    container.logs({ stdout: true, stderr: true, follow: false }),
  );
  const { stdout, stderr } = demultiplex(raw);
  return {
    exitCode: info.State.ExitCode,
    oomKilled: info.State.OOMKilled,
    log: readableLog(`${stdout}${stderr}`),
    startedAt: info.State.StartedAt,
    finishedAt: info.State.FinishedAt,
  };
}
