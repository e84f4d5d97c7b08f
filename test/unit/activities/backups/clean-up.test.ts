import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pruneBackups, sweepPartialBackups } from '../../../../src/activities/backups/clean-up.ts';
import type { Setting } from '../../../../src/activities/setting.ts';
import { publish, settingWithFolder } from './folder-of-backups.ts';

const now = new Date('2026-11-30T12:00:00Z');
const days = (ago: number): string => new Date(now.getTime() - ago * 86_400_000).toISOString();

describe('pruning', () => {
  test('removes what is past its age, and nothing else', async () => {
    const setting = await settingWithFolder({ keepDays: 14, keepAtLeast: 1 });
    for (const ago of [1, 13, 15, 40]) await publish(setting, `b-${ago}`, { snapshotAt: days(ago) });
    expect(await pruneBackups(setting, [], now)).toEqual({ removed: ['b-15', 'b-40'], kept: 2 });
    expect(await readdir(setting.stack.backups.directory)).toEqual(['b-1', 'b-13']);
  });

  test('keeps the newest however old they are, and safety backups do not count among them', async () => {
    const setting = await settingWithFolder({ keepDays: 14, keepAtLeast: 2 });
    for (const ago of [20, 30, 40]) await publish(setting, `b-${ago}`, { snapshotAt: days(ago) });
    await publish(setting, 'b-safety', { snapshotAt: days(19), kind: 'safety' });
    const { removed } = await pruneBackups(setting, [], now);
    expect(removed.toSorted()).toEqual(['b-40', 'b-safety']);
  });

  test('keeps what is protected', async () => {
    const setting = await settingWithFolder({ keepDays: 14, keepAtLeast: 1 });
    for (const ago of [1, 50, 60]) await publish(setting, `b-${ago}`, { snapshotAt: days(ago) });
    expect((await pruneBackups(setting, ['b-60'], now)).removed).toEqual(['b-50']);
  });

  test('never touches another stack’s backups, broken ones, or what is no backup', async () => {
    const setting = await settingWithFolder({ keepDays: 14, keepAtLeast: 1 });
    await publish(setting, 'b-1', { snapshotAt: days(1) });
    await publish(setting, 'b-other', { snapshotAt: days(90), stack: 'staging' });
    const { directory } = setting.stack.backups;
    for (const name of ['broken', 'Something Else', '.partial-x']) await mkdir(join(directory, name));
    expect((await pruneBackups(setting, [], now)).removed).toEqual([]);
    expect(await readdir(directory)).toHaveLength(5);
  });
});

describe('the sweep of unfinished backups', () => {
  async function partial({ stack }: Setting, backupId: string, owner?: object): Promise<void> {
    const folder = join(stack.backups.directory, `.partial-${backupId}`);
    await mkdir(join(folder, 'dump'), { recursive: true });
    if (owner !== undefined) await writeFile(join(folder, 'owner.json'), JSON.stringify(owner));
  }

  test('removes those of runs that are over, and leaves living runs’, other stacks’ and published ones', async () => {
    const setting = await settingWithFolder();
    setting.isAlive = ({ runId }) => Promise.resolve(runId === 'alive');
    const owner = { stack: 'hermes', procedure: 'backupDatabase', workflowId: 'w' };
    await partial(setting, 'hermes-1', { ...owner, runId: 'over' });
    await partial(setting, 'hermes-2', { ...owner, runId: 'alive' });
    await partial(setting, 'staging-3', { ...owner, stack: 'staging', runId: 'over' });
    await publish(setting, 'hermes-4');
    const { directory } = setting.stack.backups;
    expect(await sweepPartialBackups(setting)).toEqual({ removed: [join(directory, '.partial-hermes-1')] });
    expect(await readdir(directory)).toEqual(['.partial-hermes-2', '.partial-staging-3', 'hermes-4']);
  });

  test('removes one that was killed before it had an owner, but not another stack’s', async () => {
    const setting = await settingWithFolder();
    await partial(setting, 'hermes-1');
    await partial(setting, 'staging-1');
    await sweepPartialBackups(setting);
    expect(await readdir(setting.stack.backups.directory)).toEqual(['.partial-staging-1']);
  });

  test('removes nothing when it cannot be known whether the run lives', async () => {
    const setting = await settingWithFolder();
    setting.isAlive = () => Promise.reject(new Error('Temporal is away'));
    await partial(setting, 'hermes-1', { stack: 'hermes', workflowId: 'w', runId: 'r' });
    await expect(sweepPartialBackups(setting)).rejects.toThrow('Temporal is away');
    expect(await readdir(setting.stack.backups.directory)).toHaveLength(1);
  });
});
