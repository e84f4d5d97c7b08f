import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { withDatabaseLock } from '../../src/activities/database/advisory-lock.ts';
import { exchangeDatabases } from '../../src/activities/database/exchange.ts';
import { type DatabaseServer, inHours } from './support/database-server.ts';
import { losingProxy } from './support/losing-proxy.ts';
import { attemptOf } from './support/run.ts';
import { type Scene, sceneOn, startSwapServer, swapIn } from './support/swap-scene.ts';

let server: DatabaseServer;
beforeAll(async () => {
  server = await startSwapServer();
});
afterAll(() => server?.project.remove());

const scene = (settingOf?: DatabaseServer['as']): Promise<Scene> => sceneOn(server, settingOf);

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
      const one = await scene((stack) => server.as({ ...stack, host: '127.0.0.1', port: proxy.port }));
      const attempt = attemptOf();
      proxy.loseNext('commit\0', what);
      await expect(swapIn(one, attempt)).rejects.toMatchObject({ type: 'Unreachable' });
      await vi.waitFor(async () => expect(await one.entries()).toHaveLength(entries));
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
