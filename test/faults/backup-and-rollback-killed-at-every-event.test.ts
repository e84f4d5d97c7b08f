import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { answer } from './support/answers.ts';
import { changedSince, contentOf, inBackup } from './support/content.ts';
import { lostWrites, startCustomer } from './support/customer.ts';
import {
  type BackedUp,
  backupIn,
  type Ground,
  keptBy,
  layGround,
  type Restored,
  runOf,
} from './support/ground.ts';
import { isOfSignal } from './support/history.ts';
import { killAtEveryEvent, tellKills } from './support/kill-at-events.ts';
import { journalOf, leftovers } from './support/leftovers.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await layGround('rollback-killed');
});
afterAll(() => ground?.close());
beforeEach(() => ground.prepare());

describe('killed after every event, a worker', () => {
  test('backs up once, and the backup is good', async () => {
    const { hermes, seat, ledger } = ground;
    const startedAtMs = Date.now();
    const handle = await ground.start('backupDatabase', {});
    const kills = await killAtEveryEvent(hermes.client, runOf(handle), seat);
    const result: BackedUp = await handle.result();
    tellKills('a backup', kills, startedAtMs);

    expect(result.outcome).toBe('done');
    expect(ledger.twice()).toEqual([]);
    expect(await leftovers(hermes)).toEqual([]);
    const check = await ground.start('checkBackup', { backup: backupIn(result) });
    expect(await check.result()).toMatchObject({ outcome: 'done' });
  });

  test('rolls back once from the signal on, and no confirmed write is lost', async () => {
    const { hermes, seat, backedUp, changed, ledger } = ground;
    const customer = await startCustomer(hermes, [backedUp, changed]);
    const handle = await ground.restore();
    await answer(hermes.client, handle, 'approve');
    const answering = answer(hermes.client, handle, 'rollback');
    const startedAtMs = Date.now();
    const kills = await killAtEveryEvent(hermes.client, runOf(handle), seat, {
      from: (event) => isOfSignal(event, 'rollback'),
    });
    await answering;
    const result: Restored = await handle.result();
    tellKills('a rollback', kills, startedAtMs);
    const { confirmed, seen, wrong } = await customer.stop();

    expect(result.outcome).toBe('rolled-back');
    expect(wrong).toEqual([]);
    expect(seen).toEqual([changedSince, inBackup, changedSince]);
    expect(await lostWrites(hermes, confirmed.get(changedSince) ?? [])).toEqual([]);
    expect(await contentOf(hermes)).toEqual(changed);
    expect(ledger.twice()).toEqual([]);
    expect(await journalOf(hermes, runOf(handle).runId)).toEqual(['swap', 'swap-back']);
    expect(await leftovers(hermes, { kept: keptBy(result) })).toEqual([]);
  });
});
