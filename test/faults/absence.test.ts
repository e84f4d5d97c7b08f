import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { embeddedDatabaseFile } from '../../src/temporal/locate.ts';
import { answer, planOf } from './support/answers.ts';
import { endStateOf, restoredOnce } from './support/end-state.ts';
import { type Ground, layGround } from './support/ground.ts';
import { until } from './support/moments.ts';
import { restoringBeside } from './support/restore-moments.ts';

/** How long a worker is away, in seconds. By hand: as long as one likes. */
const awayWhileWaitingS = Number(process.env['HERMES_OPS_AWAY_WAITING_S'] ?? 20);
const awayWhileRestoringS = Number(process.env['HERMES_OPS_AWAY_RESTORING_S'] ?? 15);

let ground: Ground;
beforeAll(async () => {
  ground = await layGround('absence', { rows: 20_000 });
});
afterAll(() => ground?.close());
beforeEach(() => ground.prepare());

describe('a restore goes on', () => {
  test(`after ${awayWhileWaitingS} s without a worker while it waits, answered meanwhile`, async () => {
    const { hermes, seat } = ground;
    const handle = await ground.restore();
    const plan = await planOf(hermes.client, handle);
    await seat.worker.kill();
    await handle.signal('approve', { by: 'dana', plan });
    await pause(awayWhileWaitingS * 1000);
    seat.worker = await hermes.startWorker();
    await answer(ground.hermes.client, handle, 'keep');
    expect(await endStateOf(ground, handle)).toEqual(restoredOnce);
  });

  test(`after ${awayWhileRestoringS} s without a worker while it restores: the job ran on`, async () => {
    const { hermes, seat } = ground;
    const { handle, job } = await restoringBeside(ground);
    await seat.worker.kill();
    await job.release();
    await pause(awayWhileRestoringS * 1000);
    seat.worker = await hermes.startWorker();
    await answer(ground.hermes.client, handle, 'keep');
    expect(await endStateOf(ground, handle)).toEqual(restoredOnce);
    expect(ground.ledger.lines.filter((line) => line === 'restore started')).toHaveLength(1);
  });

  test('when PostgreSQL goes away while it restores, and comes back 10 s later', async () => {
    const { hermes } = ground;
    const { handle, job } = await restoringBeside(ground);
    const postgres = hermes.docker.getContainer(hermes.sandbox.containers.postgres);
    await postgres.stop({ t: 5 });
    await pause(10_000);
    await postgres.start();
    // The gate is a role of the server: it is still shut when the server is back.
    await until('PostgreSQL answers', () =>
      job.release().then(
        () => true,
        () => undefined,
      ),
    );
    await answer(ground.hermes.client, handle, 'keep');
    expect(await endStateOf(ground, handle)).toEqual(restoredOnce);
  });

  test('when Temporal goes away for 15 s while it restores', async () => {
    const { hermes } = ground;
    const { handle, job } = await restoringBeside(ground);
    await hermes.temporal.stop();
    await job.release();
    await pause(15_000);
    await startTemporalAgain();
    await until('Temporal answers', () => handle.describe().catch(() => undefined));
    await answer(ground.hermes.client, handle, 'keep');
    expect(await endStateOf(ground, handle)).toEqual(restoredOnce);
  });
});

/** On the same file and the same ports. */
async function startTemporalAgain(): Promise<void> {
  const { temporal, variables } = ground.hermes;
  const stateDirectory = variables['HERMES_STATE_DIR'] ?? '';
  const again = await startDevServer({
    cliPath: process.env['TEMPORAL_CLI_PATH'] ?? 'temporal',
    databaseFile: embeddedDatabaseFile(stateDirectory),
    logFile: join(stateDirectory, 'temporal', 'server.log'),
    log: () => undefined,
  });
  expect(again.address).toBe(temporal.address);
  // The installation ends the one that it knows.
  temporal.stop = () => again.stop();
}
