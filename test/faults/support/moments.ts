import type { WorkflowHandle } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import type Docker from 'dockerode';
import { Client } from 'pg';
import type { Installation } from '../../e2e/support/installation.ts';
import { gateRole } from './content.ts';

const { PendingActivityState } = temporal.api.enums.v1;
const lookIntervalMs = 50;
const patienceMs = 120_000;

/** A moment of a procedure that lasts as long as the test wants. */
export interface Held {
  release(): Promise<void>;
}

/** Asks again and again until the answer is not undefined. Throws with `what` after two minutes. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`Not within ${patienceMs / 1000} s: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, lookIntervalMs);
    });
  }
}

/** Lets restores go on until their last index, and no further: see `makeGate`. */
export async function shutGate(hermes: Installation): Promise<Held> {
  await hermes.sql(`create role ${gateRole} nologin`, [], 'postgres');
  return {
    async release() {
      await hermes.sql(`drop role if exists ${gateRole}`, [], 'postgres');
    },
  };
}

/** Waits until a restore stands before that index. */
export async function untilAtGate(hermes: Installation): Promise<void> {
  await until('a restore is at the gate', async () => {
    const rows = await hermes.sql(
      `select from pg_stat_activity where query like 'CREATE INDEX gate_opens %' and state = 'active'`,
      [],
      'postgres',
    );
    return rows[0];
  });
}

/** The engine may fail to freeze a container that starts a program at that very moment. */
async function freezeAtLast(container: Docker.Container): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await container.pause();
    } catch (error) {
      if (tries === 10 || !String(error).includes('unable to freeze')) throw error;
    }
  }
}

/** Holds the next job of a step in the middle of its work: the engine freezes it the moment that it starts. */
export async function holdNextJob(
  { docker, project }: Installation,
  step: string,
): Promise<{ held: Promise<Held> }> {
  const stream = await docker.getEvents({
    filters: {
      type: ['container'],
      event: ['start'],
      label: [`hermes-ops.stack=${project}`, `hermes-ops.step=${step}`],
    },
  });
  const freeze = async (chunk: Buffer): Promise<Held> => {
    const [line = '{}'] = chunk.toString().split('\n');
    const started: { id?: string } = JSON.parse(line);
    const container = docker.getContainer(started.id ?? 'none');
    await freezeAtLast(container);
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
    return {
      async release() {
        const info = await container.inspect().catch(() => undefined);
        if (info?.State.Paused === true) await container.unpause().catch(() => undefined);
      },
    };
  };
  const held = new Promise<Buffer>((resolve) => {
    stream.once('data', resolve);
  }).then(freeze);
  stream.on('error', () => undefined);
  return { held };
}

/** A session of the test's own, that stays open. */
export async function openSession({ docker, sandbox }: Installation, database: string): Promise<Client> {
  const info = await docker.getContainer(sandbox.containers.postgres).inspect();
  const host = info.NetworkSettings.Networks[sandbox.network]?.IPAddress;
  const client = new Client({
    ...(host === undefined ? {} : { host }),
    user: 'postgres',
    password: sandbox.secrets.postgresPassword,
    database,
    application_name: 'the test',
  });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/**
 * Queues for the lock that every change of the database takes, and keeps it: the change that comes next waits. Asked for
 * while one change is under way, it holds the moment before the next.
 */
export async function holdBeforeNextChange(hermes: Installation): Promise<{ held: Promise<Held> }> {
  const session = await openSession(hermes, 'postgres');
  const held = session
    .query('select pg_advisory_lock(hashtext($1))', [`hermes-ops/${hermes.project}/database`])
    .then(() => ({ release: () => session.end() }));
  return { held };
}

/** Keeps the swap from writing its journal: both renames are done then, and nothing is committed. */
export async function holdInsideSwap(hermes: Installation): Promise<Held> {
  const session = await openSession(hermes, 'postgres');
  await session.query('begin; lock table hermes_ops.journal in share mode');
  return { release: () => session.end() };
}

/** Waits until a swap is stopped there: its first attempt, or a later one. */
export async function untilInsideSwap(
  hermes: Installation,
  which: 'first attempt' | 'later attempt' = 'first attempt',
): Promise<void> {
  const isFirst = which === 'first attempt';
  await until(`the ${which} of the swap waits for its journal`, async () => {
    const rows = await hermes.sql(
      `select pid from pg_stat_activity
        where wait_event_type = 'Lock' and query like 'insert into hermes_ops.journal%'
          and (application_name like 'hermes-ops % 1') = $1`,
      [isFirst],
      'postgres',
    );
    return rows[0];
  });
}

/** Keeps anybody from reading a table of a database, so that counting it waits. */
export async function holdTable(hermes: Installation, database: string, table: string): Promise<Held> {
  const session = await openSession(hermes, database);
  await session.query(`begin; lock table ${table} in access exclusive mode`);
  return { release: () => session.end() };
}

/** Waits until Temporal says that a worker is busy with that activity, in at least that attempt. */
export async function untilStarted(handle: WorkflowHandle, activity: string, attempt = 1): Promise<void> {
  await until(`${activity} has started, attempt ${attempt}`, async () => {
    const { raw, status } = await handle.describe();
    if (status.name !== 'RUNNING') throw new Error(`${handle.workflowId} has ended: ${status.name}`);
    const pending = (raw.pendingActivities ?? []).find(({ activityType }) => activityType?.name === activity);
    const started = pending?.state === PendingActivityState.PENDING_ACTIVITY_STATE_STARTED;
    return started && (pending?.attempt ?? 0) >= attempt ? pending : undefined;
  });
}

/** Waits until Temporal has written down that the activity under way is to be cancelled. */
export async function untilCancelRequested(handle: WorkflowHandle): Promise<void> {
  await until('the activity is asked to end', async () => {
    const { raw } = await handle.describe();
    return (raw.pendingActivities ?? []).find(
      ({ state }) => state === PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED,
    );
  });
}
