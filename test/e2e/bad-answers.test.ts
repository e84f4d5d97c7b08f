import { type WorkflowHandle, WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestoreReport } from '../../src/workflows/restore-database.ts';
import type { ProcedureResult } from '../../src/workflows/steps/procedure.ts';
import type { RunStatus } from '../../src/workflows/steps/status.ts';
import { journalOf } from '../faults/support/leftovers.ts';
import { refusalOf } from './support/refusals.ts';
import { openPlan, statusWhen } from './support/runs.ts';
import { setUpTarget, type Target } from './support/target.ts';

let target: Target;
beforeAll(async () => {
  target = await setUpTarget('bad-answers');
});
afterAll(() => target?.close());

describe('while a restore waits for its approval', () => {
  let waiting: WorkflowHandle;
  let plan: string;
  beforeAll(async () => {
    waiting = await target.restore({ backup: target.good });
    plan = await openPlan(waiting);
  });

  test('another one under another workflow id is told who holds the database', async () => {
    const refusal = await refusalOf(await target.restore({ backup: 'latest' }));
    expect(refusal).toEqual({
      type: 'ResourceBusy',
      message: expect.stringMatching(
        new RegExp(
          `database of \\S+ is held by restoreDatabase \\(workflow ${waiting.workflowId}, since .*"onBusy": "queue"`,
        ),
      ),
    });
  });

  const answers: [string, unknown, RegExp][] = [
    ['without JSON', undefined, /`the whole answer` is missing|not valid/],
    ['that is a text', 'yes', /not valid/],
    ['by nobody', { plan: 'PLAN' }, /`by` is missing\. Send \{"by": "YOUR NAME", "plan": "PLAN"\}/],
    ['by an empty name', { by: ' ', plan: 'PLAN' }, /`by` is not valid/],
    ['of no plan', { by: 'dana' }, /`plan` is missing/],
    [
      'of another plan',
      { by: 'dana', plan: '0badc0de' },
      /Plan 0badc0de is not the one that waits: that is PLAN/,
    ],
  ];
  test.each(answers)('an approval %s does not count, and says why', async (_, answer, words) => {
    const fill = (text: string): string => text.replaceAll('PLAN', plan);
    const filled: unknown = answer === undefined ? undefined : JSON.parse(fill(JSON.stringify(answer)));
    const expected = new RegExp(fill(words.source));
    const update = waiting.executeUpdate<string, [unknown]>('approve', { args: [filled] });
    await expect(update).rejects.toBeInstanceOf(WorkflowUpdateFailedError);
    await expect(update).rejects.toMatchObject({ cause: { message: expect.stringMatching(expected) } });
    await (filled === undefined ? waiting.signal('approve') : waiting.signal('approve', filled));
    const { question } = await statusWhen(waiting, ({ timeline }) =>
      timeline.some(({ text }) => text.startsWith('Signal approve not taken') && expected.test(text)),
    );
    expect(question).toMatchObject({ plan, missing: 1, answers: [] });
  });

  test('a signal that is not the JSON that it says it is does not stop the run', async () => {
    await target.hermes.client.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: waiting.workflowId },
      signalName: 'approve',
      input: {
        payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{by: me') }],
      },
    });
    const refused = /^Signal approve not taken: `the whole answer` is not valid/;
    const heard = ({ timeline }: RunStatus): number =>
      timeline.filter(({ text }) => refused.test(text)).length;
    await statusWhen(waiting, (status) => heard(status) === 2);
  });

  test('an approval after the rejection does not count', async () => {
    await waiting.signal('reject', { by: 'dana', plan, reason: 'not tonight' });
    await waiting.signal('approve', { by: 'erin', plan }).catch(() => undefined);
    expect(await waiting.result()).toMatchObject({
      outcome: 'rejected',
      summary: expect.stringContaining(`dana rejected plan ${plan}: not tonight. Nothing was changed.`),
    });
    await expect(waiting.signal('approve', { by: 'erin', plan })).rejects.toBeInstanceOf(
      WorkflowNotFoundError,
    );
    await target.servesAsBefore();
  });
});

test('a restore that is approved twice swaps once', async () => {
  const handle = await target.restore({ backup: target.good });
  const plan = await openPlan(handle);
  await Promise.all(['dana', 'dana', 'erin'].map((by) => handle.signal('approve', { by, plan })));
  const undo = await openPlan(handle, 'undo-window');
  await handle.signal('approve', { by: 'dana', plan });
  await handle.signal('keep', { by: 'dana', plan: undo });
  const { outcome, report }: ProcedureResult<RestoreReport> = await handle.result();
  expect({ outcome, undo: report?.undo.decision }).toEqual({ outcome: 'done', undo: 'kept' });
  expect(await journalOf(target.hermes, (await handle.describe()).runId)).toEqual(['swap']);
  await target.servesAsBefore();
});

describe('with a short deadline, an approval', () => {
  const deadlineMs = 8_000;
  beforeAll(() =>
    target.useStack({ approvals: { 'restore-database': { deadline: `${deadlineMs / 1000}s` } } }),
  );

  interface Unattended {
    handle: WorkflowHandle;
    plan: string;
    deadlineAtMs: number;
  }

  /** A restore that waits, and no worker to read its answer. */
  async function unattended(): Promise<Unattended> {
    const handle = await target.restore({ backup: target.good });
    const plan = await openPlan(handle);
    const { question } = await statusWhen(handle, (status) => status.question !== undefined);
    await target.worker.kill();
    return { handle, plan, deadlineAtMs: Date.parse(question?.deadlineAt ?? '') };
  }

  async function passed(deadlineAtMs: number): Promise<void> {
    await new Promise((resolve) => {
      setTimeout(resolve, deadlineAtMs + 500 - Date.now());
    });
  }

  test('by nobody is a no', async () => {
    const handle = await target.restore({ backup: target.good });
    expect(await handle.result()).toMatchObject({
      outcome: 'not-approved',
      summary: expect.stringMatching(/^Nobody approved plan \w+ within 8 s, until .* Nothing was changed\./),
    });
    await target.servesAsBefore();
  });

  test('after it does not count, although no worker was there to see the time pass', async () => {
    const { handle, plan, deadlineAtMs } = await unattended();
    await passed(deadlineAtMs);
    await handle.signal('approve', { by: 'dana', plan });
    target.worker = await target.hermes.startWorker();
    expect(await handle.result()).toMatchObject({ outcome: 'not-approved' });
    const timeline = await handle.query<{ text: string }[]>('timeline');
    expect(timeline.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^dana answered approve after the deadline of/),
    );
    await target.servesAsBefore();
  });

  test('before it counts, although no worker was there to read it', async () => {
    const { handle, plan, deadlineAtMs } = await unattended();
    await handle.signal('approve', { by: 'dana', plan });
    expect(Date.now()).toBeLessThan(deadlineAtMs);
    await passed(deadlineAtMs);
    target.worker = await target.hermes.startWorker();
    await handle.signal('keep', { by: 'dana', plan: await openPlan(handle, 'undo-window') });
    expect(await handle.result()).toMatchObject({ outcome: 'done' });
    await target.servesAsBefore();
  });
});
