import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunStatus } from '../../src/workflows/steps/status.ts';
import { install, type Installation, schedulesOff } from './support/installation.ts';
import { failure } from './support/refusals.ts';
import { start, statusWhen } from './support/runs.ts';
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
const waitsForAnswer = ({ question }: RunStatus): boolean => question !== undefined;

async function answer(handle: WorkflowHandle, verb: 'approve' | 'reject' | 'keep'): Promise<void> {
  const { question } = await statusWhen(handle, waitsForAnswer);
  await handle.signal(verb, { by: 'chris', plan: question?.plan });
}

describe('a restore, which may stop the api,', () => {
  test('that waits for its approval lets the api be scaled, and PostgreSQL not be restarted', async () => {
    const before = await serviceState(hermes);
    const first = await restore('restore-that-waits');
    await statusWhen(first, waitsForAnswer);
    const restart = await start(hermes.client, 'restartService', 'restart', { service: 'postgres' });
    expect(await failure(restart)).toContain(`held by restoreDatabase (workflow ${first.workflowId}`);
    expect(await scaled(hermes, 2)).toMatchObject({ outcome: 'done' });
    await answer(first, 'reject');
    expect(await first.result()).toMatchObject({ outcome: 'rejected' });
    await scaled(hermes, 1);
    expect(await serviceState(hermes)).toEqual(before);
  });

  test('does not swap while the api is restarted: it waits in line, then goes on', async () => {
    const restart = await start(hermes.client, 'restartService', 'in-the-way', { service: 'api' });
    await statusWhen(restart, waitsForAnswer);
    const restoring = await restore('restore-in-line');
    await answer(restoring, 'approve');
    const { timeline } = await statusWhen(restoring, ({ phase }) => phase === 'waiting-for-lock');
    expect(timeline.at(-1)?.text).toContain(
      `service/api is held by restartService (workflow ${restart.workflowId}`,
    );
    await answer(restart, 'approve');
    expect(await restart.result()).toMatchObject({ outcome: 'done' });
    await statusWhen(restoring, ({ phase }) => phase === 'undo-window');
    await answer(restoring, 'keep');
    expect(await restoring.result()).toMatchObject({ outcome: 'done' });
  });
});
