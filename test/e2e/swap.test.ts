import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { WrittenRows } from '../../src/activities/contract/database.ts';
import { quoted } from '../../src/activities/database/identifiers.ts';
import { type Answer, busyClients, heardInOrder, longestGapMs } from './support/busy-clients.ts';
import { type DatabaseServer, inHours } from './support/database-server.ts';
import { attemptOf } from './support/run.ts';
import { type Scene, sceneOn, startSwapServer, swapIn } from './support/swap-scene.ts';

const clientCount = 8;
let server: DatabaseServer;
beforeAll(async () => {
  server = await startSwapServer();
});
afterAll(() => server?.project.remove());

const scene = (settingOf?: DatabaseServer['as']): Promise<Scene> => sceneOn(server, settingOf);

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
    expect(await one.entries()).toHaveLength(1);
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
    expect(await one.entries()).toEqual([]);
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
    const one = await scene((stack) => server.as({ ...stack, user: 'operator' }));
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
