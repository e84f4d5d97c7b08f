import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { answer } from './support/answers.ts';
import { changedSince, contentOf, inBackup } from './support/content.ts';
import { lostWrites, startCustomer } from './support/customer.ts';
import { type Ground, layGround, type Restored, runOf } from './support/ground.ts';
import { killAtEveryEvent, tellKills } from './support/kill-at-events.ts';
import { journalOf, leftovers } from './support/leftovers.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await layGround('restore-killed');
});
afterAll(() => ground?.close());
beforeEach(() => ground.prepare());

describe('killed after every event, a worker', () => {
  test('restores once, and customers see the old content or the new', async () => {
    const { hermes, seat, backedUp, changed, ledger } = ground;
    const startedAtMs = Date.now();
    const customer = await startCustomer(hermes, [backedUp, changed]);
    const handle = await ground.restore();
    const answering = answer(hermes.client, handle, 'approve').then(() =>
      answer(hermes.client, handle, 'keep'),
    );
    const kills = await killAtEveryEvent(hermes.client, runOf(handle), seat);
    await answering;
    const result: Restored = await handle.result();
    tellKills('a restore', kills, startedAtMs);
    const { confirmed, seen, wrong } = await customer.stop();

    expect(result).toMatchObject({ outcome: 'done', report: { undo: { decision: 'kept' } } });
    expect(wrong).toEqual([]);
    expect(seen).toEqual([changedSince, inBackup]);
    expect(await lostWrites(hermes, confirmed.get(inBackup) ?? [])).toEqual([]);
    expect(await contentOf(hermes)).toEqual(backedUp);
    expect(ledger.twice()).toEqual([]);
    expect(await journalOf(hermes, runOf(handle).runId)).toEqual(['swap']);
    expect(await leftovers(hermes)).toEqual([]);
  });
});
