import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as TemporalClient, Connection } from '@temporalio/client';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type {
  DatabaseActivities,
  DatabaseIdentity,
  Swap,
  SwapRequest,
  WrittenRows,
} from '../../src/activities/contract/database.ts';
import { createDatabaseActivities } from '../../src/activities/database/activities.ts';
import { withDatabaseLock } from '../../src/activities/database/advisory-lock.ts';
import { exchangeDatabases } from '../../src/activities/database/exchange.ts';
import { quoted } from '../../src/activities/database/identifiers.ts';
import { isAlive } from '../../src/activities/runs/alive.ts';
import type { Setting } from '../../src/activities/setting.ts';
import { ensureTemporalCli } from '../../src/temporal/cli.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { type Answer, busyClients, heardInOrder, longestGapMs } from './support/busy-clients.ts';
import {
  type DatabaseServer,
  inHours,
  restoreIn,
  startDatabaseServer,
  takeBackup,
} from './support/database-server.ts';
import { gate } from './support/gate.ts';
import { losingProxy } from './support/losing-proxy.ts';
import { attemptOf, failureOf } from './support/run.ts';

const clientCount = 8;
let server: DatabaseServer;

beforeAll(async () => {
  server = await startDatabaseServer();
  for (const which of ['live', 'restored']) {
    await server.sql(`create database like_${which}`, 'postgres');
    await server.sql(
      `create table marker (which text); insert into marker values ('${which}');
       create table work (client int, n int)`,
      `like_${which}`,
    );
  }
});
afterAll(() => server?.project.remove());

/** A live database and a restored one beside it, of this test's own. */
interface Scene {
  setting: Setting;
  database: DatabaseActivities;
  live: DatabaseIdentity;
  shadow: DatabaseIdentity;
  request: SwapRequest;
  /** What customers find under the live name. */
  serving(): Promise<string>;
  /** Databases of this scene, by name. */
  names(): Promise<string[]>;
}

let scenes = 0;

async function scene(name = `scene_${(scenes += 1)}`, settingOf = server.as): Promise<Scene> {
  const setting = settingOf({ name });
  const shadowName = `${name.slice(0, 20)}_shadow`;
  await server.sql(`create database ${quoted(name)} template like_live`, 'postgres');
  await server.sql(`comment on database ${quoted(name)} is 'customers'' own comment'`, 'postgres');
  await server.sql(`create database ${quoted(shadowName)} template like_restored`, 'postgres');
  const [live, shadow] = [await server.identity(name), await server.identity(shadowName)];
  return {
    setting,
    database: createDatabaseActivities(setting),
    live,
    shadow,
    request: { approval: randomUUID(), live, shadow, keepUntil: inHours(24), since: [] },
    serving: async () =>
      (await server.sql<{ which: string }>('select which from marker', name))[0]?.which ?? '',
    names: async () => (await server.names()).filter((one) => one.startsWith(name.slice(0, 20))),
  };
}

async function swapIn({ database, request }: Scene, attempt = attemptOf()): Promise<Swap> {
  return attempt.do(() => database.swapDatabases(request));
}

/** Rows of `work` in a database that is closed to customers. */
async function workIn(database: string): Promise<{ client: number; n: number }[]> {
  await server.sql(`alter database ${quoted(database)} with allow_connections true`, 'postgres');
  const rows = await server.sql<{ client: number; n: number }>('select client, n from work', database);
  await server.sql(`alter database ${quoted(database)} with allow_connections false`, 'postgres');
  return rows;
}

function keysOf(answers: readonly Answer[][], which: string): string[] {
  return answers.flatMap((mine, client) =>
    mine.filter((answer) => answer.which === which).map(({ n }) => `${client}/${n}`),
  );
}

async function entriesOf(approval: string): Promise<object[]> {
  return server.sql('select action from hermes_ops.journal where approval = $1', 'postgres', [approval]);
}

/** The server's statistics count a row, too, whose insert was cut off: at most one a client. */
function expectCounted(written: readonly WrittenRows[], rows: number): void {
  expect(written).toEqual([{ table: 'public.work', inserted: expect.any(Number), updated: 0, deleted: 0 }]);
  const inserted = written[0]?.inserted ?? 0;
  expect(inserted).toBeGreaterThanOrEqual(rows);
  expect(inserted).toBeLessThanOrEqual(rows + clientCount);
}

describe('a swap under load', () => {
  test('shows every client the old or the new database, never both, and loses no answered write', async ({
    annotate,
  }) => {
    const one = await scene();
    const clients = busyClients(clientCount, () => server.connect(one.live.name));
    await clients.heardFrom('live');
    const swap = await swapIn(one);
    await clients.heardFrom('restored');
    const answers = await clients.stop();

    for (const mine of answers) expect(heardInOrder(mine)).toEqual(['live', 'restored']);
    const longest = Math.round(Math.max(...answers.map(longestGapMs)));
    await annotate(`gap ${swap.gapMs} ms by the swap's own clock, ${longest} ms at most for a client`);
    expect(swap.gapMs).toBeLessThan(2000);
    expect(longest).toBeLessThan(3000);

    const inOld = (await workIn(swap.old.name)).map(({ client, n }) => `${client}/${n}`);
    const inNew = (
      await server.sql<{ client: number; n: number }>('select client, n from work', one.live.name)
    ).map(({ client, n }) => `${client}/${n}`);
    expect(inOld).toEqual(expect.arrayContaining(keysOf(answers, 'live')));
    expect(inNew).toEqual(expect.arrayContaining(keysOf(answers, 'restored')));
    expectCounted(swap.writtenSincePlan, inOld.length);
  });

  test('goes back under load as well, and counts what stays behind', async ({ annotate }) => {
    const one = await scene();
    const swap = await swapIn(one);
    const clients = busyClients(clientCount, () => server.connect(one.live.name));
    await clients.heardFrom('restored');
    const count = () => attemptOf().do(() => one.database.countWritesSinceSwap({ swap }));
    await vi.waitFor(async () => expect(await count()).toMatchObject([{ table: 'public.work' }]), 15_000);
    const back = await attemptOf().do(() =>
      one.database.swapBack({ approval: randomUUID(), swap, keepUntil: inHours(168) }),
    );
    await clients.heardFrom('live');
    const answers = await clients.stop();
    for (const mine of answers) expect(heardInOrder(mine)).toEqual(['restored', 'live']);
    await annotate(
      `gap ${back.gapMs} ms, ${Math.round(Math.max(...answers.map(longestGapMs)))} ms for a client`,
    );
    expect(back.live).toEqual(one.live);
    const aside = (await workIn(back.aside.name)).map(({ client, n }) => `${client}/${n}`);
    expect(aside).toEqual(expect.arrayContaining(keysOf(answers, 'restored')));
    expectCounted(back.writtenSinceSwap, aside.length);
  });
});

describe('a swap', () => {
  test('keeps the old database marked and closed, and the live one’s own comment', async () => {
    const one = await scene();
    const { old, live } = await swapIn(one);
    expect(live).toEqual({ name: one.live.name, oid: one.shadow.oid });
    expect(old).toEqual({ name: expect.stringMatching(/_before_\d{14}_[0-9a-f]{8}$/), oid: one.live.oid });
    await expect(server.connect(old.name)).rejects.toMatchObject({ code: '55000' });
    const comments = await server.sql<{ datname: string; comment: string }>(
      `select datname, shobj_description(oid, 'pg_database') as comment from pg_database where oid = any($1)`,
      'postgres',
      [[old.oid, live.oid]],
    );
    expect(comments).toContainEqual({ datname: live.name, comment: `customers' own comment` });
    const mark = comments.find(({ datname }) => datname === old.name)?.comment ?? '{}';
    expect(JSON.parse(mark)).toMatchObject({
      'hermes-ops': { purpose: 'kept', oid: old.oid, keepUntil: one.request.keepUntil },
    });
  });

  test('asked for twice with one approval happens once', async () => {
    const one = await scene();
    const attempt = attemptOf();
    const first = await swapIn(one, attempt);
    const second = await swapIn(one, attemptOf({ runId: attempt.runId, attempt: 2 }));
    expect(second).toEqual(first);
    expect(await entriesOf(one.request.approval)).toHaveLength(1);
    expect(await one.names()).toEqual([one.live.name, first.old.name]);
  });

  test('on an approval that another run spent is refused', async () => {
    const one = await scene();
    await swapIn(one);
    await expect(swapIn(one)).rejects.toMatchObject({ type: 'ApprovalSpent', nonRetryable: true });
    expect(await one.serving()).toBe('restored');
  });

  test('that was undone is not done again on the same approval', async () => {
    const one = await scene();
    const attempt = attemptOf();
    const swap = await swapIn(one, attempt);
    await attempt.do(() => one.database.swapBack({ approval: randomUUID(), swap, keepUntil: inHours(1) }));
    await expect(swapIn(one, attempt)).rejects.toMatchObject({ type: 'ApprovalSpent' });
    expect(await one.serving()).toBe('live');
  });

  test('of ground that changed is refused, and the same database serves', async () => {
    const one = await scene();
    const { live, shadow } = one;
    for (const request of [
      { live: { ...live, oid: live.oid + 1 } },
      { shadow: { ...shadow, oid: shadow.oid + 1 } },
      { shadow: { name: 'gone', oid: 1 } },
    ]) {
      const change = { ...one, request: { ...one.request, ...request } };
      await expect(swapIn(change)).rejects.toMatchObject({ type: 'StalePlan', nonRetryable: true });
    }
    expect(await one.serving()).toBe('live');
    expect(await entriesOf(one.request.approval)).toEqual([]);
  });

  test('held up by somebody’s open change of the database ends no session of a customer', async () => {
    const one = await scene();
    const customer = await server.connect(one.live.name);
    const holder = await server.connect('postgres');
    await holder.query(`set application_name = 'a forgotten window'`);
    await holder.query('begin');
    await holder.query(`comment on database ${one.live.name} is 'not committed'`);
    await expect(swapIn(one)).rejects.toMatchObject({
      type: 'StillHeld',
      nonRetryable: false,
      message: expect.stringContaining('a forgotten window'),
    });
    expect((await customer.query('select which from marker')).rows).toEqual([{ which: 'live' }]);
    await customer.end();
    await holder.query('rollback');
    await holder.end();
    await swapIn(one);
    expect(await one.serving()).toBe('restored');
  });

  test('that PostgreSQL does not allow says what is missing', async () => {
    const password = await server.setting.secret({ env: 'X' });
    await server.sql(
      `create role operator login createdb password '${password}' in role pg_signal_backend;
       create role firm; grant firm to operator; grant create on database postgres to operator;
       grant usage on schema hermes_ops to operator; grant all on all tables in schema hermes_ops to operator`,
      'postgres',
    );
    const one = await scene(undefined, (stack) => server.as({ ...stack, user: 'operator' }));
    for (const { name } of [one.live, one.shadow])
      await server.sql(`alter database ${quoted(name)} owner to firm`, 'postgres');
    const superuser = await server.connect(one.live.name);
    await expect(swapIn(one)).rejects.toMatchObject({ type: 'UnsafeToRestore', nonRetryable: true });
    expect((await superuser.query('select which from marker')).rows).toEqual([{ which: 'live' }]);
    await superuser.end();
    const { old } = await swapIn(one);
    expect(await one.names()).toEqual([one.live.name, old.name]);
  });
});

describe('a swap that is cut off', () => {
  test.each<[string, (pid: number) => Promise<unknown>]>([
    ['its session', (pid) => server.sql('select pg_terminate_backend($1)', 'postgres', [pid])],
    ['PostgreSQL itself', () => server.container.kill()],
  ])(
    'between the renames by the end of %s leaves the old database serving, and is done by the next attempt',
    async (_, kill) => {
      const one = await scene();
      const pidOf = async (client: Client): Promise<number> =>
        (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0;
      const cutOff = attemptOf().do(() =>
        withDatabaseLock(one.setting, (lock) =>
          exchangeDatabases(one.setting, lock, {
            out: one.live,
            outName: 'half_way',
            into: one.shadow,
            inside: async (client) => {
              await kill(await pidOf(client));
              await client.query('select 1');
            },
          }),
        ),
      );
      await expect(cutOff).rejects.toMatchObject({ type: 'Unreachable' });
      if (!(await server.container.inspect()).State.Running) await server.container.start();
      await vi.waitFor(async () => expect(await one.serving()).toBe('live'), {
        timeout: 30_000,
        interval: 100,
      });
      expect(await one.names()).toEqual([one.live.name, one.shadow.name].toSorted());
      await swapIn(one);
      expect(await one.serving()).toBe('restored');
    },
  );

  test.each<['question' | 'answer', string, number]>([
    ['answer', 'restored', 1],
    ['question', 'live', 0],
  ])(
    'so that the %s of its COMMIT is lost is found as it is by the next attempt',
    async (what, serving, entries) => {
      const proxy = await losingProxy(await server.address(), 5432);
      const one = await scene(undefined, (stack) =>
        server.as({ ...stack, host: '127.0.0.1', port: proxy.port }),
      );
      const attempt = attemptOf();
      proxy.loseNext('commit\0', what);
      await expect(swapIn(one, attempt)).rejects.toMatchObject({ type: 'Unreachable' });
      await vi.waitFor(async () => expect(await entriesOf(one.request.approval)).toHaveLength(entries));
      expect(await one.serving()).toBe(serving);
      const { old } = await swapIn(one, attemptOf({ runId: attempt.runId, attempt: 2 }));
      proxy.close();
      expect(await one.serving()).toBe('restored');
      expect(await one.names()).toEqual([one.live.name, old.name]);
      await expect(server.connect(old.name)).rejects.toMatchObject({ code: '55000' });
    },
  );
});

describe('the way back', () => {
  test('brings the old database back open, sets the restored one aside, and is done once', async () => {
    const one = await scene();
    const swap = await swapIn(one);
    const request = { approval: randomUUID(), swap, keepUntil: inHours(168) };
    const attempt = attemptOf();
    const back = await attempt.do(() => one.database.swapBack(request));
    expect(await one.serving()).toBe('live');
    expect(
      await attemptOf({ runId: attempt.runId, attempt: 2 }).do(() => one.database.swapBack(request)),
    ).toEqual(back);
    expect(await one.names()).toEqual([one.live.name, back.aside.name]);
    const { kept } = await attempt.do(() => one.database.sweepDatabases());
    expect(kept).toContainEqual({ name: back.aside.name, reason: expect.stringContaining('kept until') });
    await attempt.do(() => one.database.dropDatabase({ database: back.aside }));
    expect(await one.names()).toEqual([one.live.name]);
  });

  test('of a swap whose old database is gone is refused, and the restored one serves', async () => {
    const one = await scene();
    const swap = await swapIn(one);
    await attemptOf().do(() => one.database.dropDatabase({ database: swap.old }));
    await expect(
      attemptOf().do(() => one.database.swapBack({ approval: randomUUID(), swap, keepUntil: inHours(1) })),
    ).rejects.toMatchObject({ type: 'StalePlan' });
    expect(await one.serving()).toBe('restored');
  });

  test('that does not know whether it was swapped finds out, and goes back once', async () => {
    const one = await scene();
    const { approval } = one.request;
    const attempt = attemptOf();
    await swapIn(one, attempt);
    const undo = () => attempt.do(() => one.database.undoSwap({ approval, keepUntil: inHours(1) }));
    expect(await undo()).toEqual({ undone: true });
    expect(await undo()).toEqual({ undone: true });
    expect(await one.serving()).toBe('live');
    expect(await one.names()).toHaveLength(2);
  });

  test('taken before the swap keeps a late attempt from swapping', async () => {
    const one = await scene();
    const attempt = attemptOf();
    const { approval } = one.request;
    expect(await attempt.do(() => one.database.undoSwap({ approval, keepUntil: inHours(1) }))).toEqual({
      undone: false,
    });
    await expect(swapIn(one, attempt)).rejects.toMatchObject({ type: 'ApprovalSpent' });
    expect(await one.serving()).toBe('live');
  });

  test('leaves alone what a later swap made live', async () => {
    const one = await scene();
    await swapIn(one);
    await server.sql('create database later template like_restored', 'postgres');
    const later = await server.identity('later');
    const live = await server.identity(one.live.name);
    await swapIn({ ...one, request: { ...one.request, approval: randomUUID(), live, shadow: later } });
    const { approval, keepUntil } = one.request;
    expect(await attemptOf().do(() => one.database.undoSwap({ approval, keepUntil }))).toEqual({
      undone: false,
    });
    expect((await server.identity(one.live.name)).oid).toBe(later.oid);
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
    expect(await entriesOf(one.request.approval)).toHaveLength(1);
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
    expect(await entriesOf(one.request.approval)).toHaveLength(1);
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
