import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabaseActivities } from '../../src/activities/database/activities.ts';
import { withDatabaseLock } from '../../src/activities/database/advisory-lock.ts';
import { quoted } from '../../src/activities/database/identifiers.ts';
import { isAlive } from '../../src/activities/runs/alive.ts';
import type { Setting } from '../../src/activities/setting.ts';
import { ensureTemporalCli } from '../../src/temporal/cli.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { type DatabaseServer, inHours, restoreIn, takeBackup } from './support/database-server.ts';
import { gate } from './support/gate.ts';
import { attemptOf, failureOf } from './support/run.ts';
import { type Scene, sceneOn, startSwapServer, swapIn } from './support/swap-scene.ts';

let server: DatabaseServer;
beforeAll(async () => {
  server = await startSwapServer();
});
afterAll(() => server?.project.remove());

const scene = (): Promise<Scene> => sceneOn(server);

describe('the lock on the database', () => {
  test('is taken from an attempt that froze, which then can change nothing', async () => {
    const one = await scene();
    const runId = randomUUID();
    const frozen = attemptOf({ runId, activityId: '7', attempt: 1 });
    const thaw = gate();
    const holds = gate();
    const late = failureOf(
      frozen.do(() =>
        withDatabaseLock(one.setting, async (lock) => {
          holds.open();
          await thaw.opened;
          await lock.assertHeld();
        }),
      ),
    );
    await holds.opened;
    await swapIn(one, attemptOf({ runId, activityId: '7', attempt: 2 }));
    thaw.open();
    expect(await late).toMatchObject({ type: 'StillHeld' });
    expect(await failureOf(swapIn(one, frozen))).toMatchObject({ type: 'StillHeld' });
    expect(await one.entries()).toHaveLength(1);
  });

  test('turns away an attempt that thaws after a later step of its run', async () => {
    const one = await scene();
    const runId = randomUUID();
    await attemptOf({ runId, activityId: '9' }).do(() => one.database.discardShadow());
    expect(await failureOf(swapIn(one, attemptOf({ runId, activityId: '8', attempt: 3 })))).toMatchObject({
      type: 'StillHeld',
    });
    await attemptOf({ runId, activityId: '10' }).do(() => one.database.discardShadow());
    expect(await one.serving()).toBe('live');
  });

  test('lets two attempts at the same moment swap once', async () => {
    const one = await scene();
    const runId = randomUUID();
    const outcomes = await Promise.allSettled(
      [1, 2].map((attempt) => swapIn(one, attemptOf({ runId, activityId: '7', attempt }))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    expect(await one.entries()).toHaveLength(1);
    expect(await one.serving()).toBe('restored');
    expect(await one.names()).toHaveLength(2);
  });

  test('is waited for while another run lives, and taken when that one was terminated', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'hermes-ops-lock-'));
    const log = (): void => undefined;
    const chosenPath = process.env['TEMPORAL_CLI_PATH'];
    const { path } = await ensureTemporalCli({ stateDirectory: directory, chosenPath, log });
    const temporal = await startDevServer({
      cliPath: path,
      databaseFile: join(directory, 'temporal.db'),
      logFile: join(directory, 'server.log'),
      log,
    });
    const connection = await Connection.connect({ address: temporal.address });
    const client = new TemporalClient({ connection });
    const one = await scene();
    const setting: Setting = { ...one.setting, client, isAlive: (run) => isAlive(client, run) };
    const other = await client.workflow.start('restoreDatabase', {
      workflowId: 'other',
      taskQueue: 'nobody',
    });

    const done = gate();
    const holds = gate();
    const holder = failureOf(
      attemptOf({ runId: other.firstExecutionRunId, workflowId: 'other' }).do(() =>
        withDatabaseLock(setting, async ({ assertHeld }) => {
          holds.open();
          await done.opened;
          await assertHeld();
        }),
      ),
    );
    await holds.opened;
    const waiting = attemptOf();
    const says = waiting.progress(/Waiting for hermes-ops/);
    const swapping = waiting.do(() => createDatabaseActivities(setting).swapDatabases(one.request));
    await says;
    expect(await one.serving()).toBe('live');
    await other.terminate();
    await swapping;
    expect(await one.serving()).toBe('restored');
    done.open();
    expect(await holder).toMatchObject({ type: 'StillHeld' });

    await connection.close();
    await temporal.stop();
    await rm(directory, { recursive: true, force: true });
  });
});

describe('names', () => {
  test.each([
    ['quotes, semicolons and spaces', `he"rm'es; drop database postgres; -- \\ =x`],
    ['63 bytes', 'x'.repeat(63)],
    ['63 bytes of letters that take two and more', `${'ü'.repeat(29)}日x🙂`.slice(0, 40).replace(/🙂$/, '')],
  ])('with %s go all the way: backup, restore, swap, back, drop', async (_, name) => {
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    const setting = server.as({ name });
    const database = createDatabaseActivities(setting);
    await server.sql(`create database ${quoted(name)} template like_live`, 'postgres');
    const live = await server.identity(name);
    const others = await server.names();
    const backup = await takeBackup(setting);
    await server.sql(`update marker set which = 'changed since'`, name);
    const { backupId, digest } = backup;
    const attempt = attemptOf();
    const plan = await attempt.do(() => database.planRestore({ backupId, digest }));
    const shadow = await restoreIn(attempt, setting, plan.live, backup);
    await attempt.do(() => database.verifyShadow({ shadow, backupId }));
    const request = { approval: randomUUID(), live, shadow, keepUntil: inHours(1), since: plan.statistics };
    const swap = await attempt.do(() => database.swapDatabases(request));
    const which = () => server.sql('select which from marker', name);
    expect(await which()).toEqual([{ which: 'live' }]);
    const back = await attempt.do(() =>
      database.swapBack({ approval: randomUUID(), swap, keepUntil: inHours(1) }),
    );
    expect(await which()).toEqual([{ which: 'changed since' }]);
    await expect(attempt.do(() => database.dropDatabase({ database: swap.old }))).rejects.toMatchObject({
      type: 'UnsafeToRestore',
    });
    await attempt.do(() => database.dropDatabase({ database: back.aside }));
    expect(await server.names()).toEqual(others);
    expect(await server.identity(name)).toEqual(live);
  });
});
