import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install, type Installation, schedulesOff } from './support/installation.ts';
import { failure } from './support/refusals.ts';
import { openPlan, start, statusWhen } from './support/runs.ts';
import { scaled } from './support/scalings.ts';
import { serviceState } from './support/service-state.ts';

let hermes: Installation;

beforeAll(async () => {
  hermes = await install('service-lock', { rows: 1_000 });
  await hermes.writeStack({
    sections: {
      ...schedulesOff,
      approvals: { 'restart-service': {} },
      scaling: { watch: '1s', drainWithin: '20s' },
      compose: { project: hermes.project },
    },
  });
  await hermes.startWorker();
  await (await start(hermes.client, 'backupDatabase', 'backup')).result();
});
afterAll(() => hermes?.close());

const restore = (workflowId: string): Promise<WorkflowHandle> =>
  start(hermes.client, 'restoreDatabase', workflowId, { backup: 'latest', by: 'dana' });

describe('a restore, which may stop the api,', () => {
  test('that waits for its approval lets the api be scaled, and PostgreSQL not be restarted', async () => {
    const before = await serviceState(hermes);
    const first = await restore('restore-that-waits');
    const plan = await openPlan(first);
    const restart = await start(hermes.client, 'restartService', 'restart', { service: 'postgres' });
    expect(await failure(restart)).toContain(`held by restoreDatabase (workflow ${first.workflowId}`);
    expect(await scaled(hermes, 2)).toMatchObject({ outcome: 'done' });
    await first.signal('reject', { by: 'chris', plan });
    expect(await first.result()).toMatchObject({ outcome: 'rejected' });
    await scaled(hermes, 1);
    expect(await serviceState(hermes)).toEqual(before);
  });

  test('does not swap while the api is restarted: it waits in line, then goes on', async () => {
    const restart = await start(hermes.client, 'restartService', 'in-the-way', { service: 'api' });
    const plan = await openPlan(restart);
    const restoring = await restore('restore-in-line');
    await restoring.signal('approve', { by: 'chris', plan: await openPlan(restoring) });
    const { timeline } = await statusWhen(restoring, ({ phase }) => phase === 'waiting-for-lock');
    expect(timeline.at(-1)?.text).toContain(
      `service/api is held by restartService (workflow ${restart.workflowId}`,
    );
    await restart.signal('approve', { by: 'chris', plan });
    expect(await restart.result()).toMatchObject({ outcome: 'done' });
    await restoring.signal('keep', { by: 'chris', plan: await openPlan(restoring, 'undo-window') });
    expect(await restoring.result()).toMatchObject({ outcome: 'done' });
  });
});
