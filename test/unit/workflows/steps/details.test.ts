import { describe, expect, test } from 'vitest';
import { renderDetails } from '../../../../src/workflows/steps/details.ts';
import type { RunStatus } from '../../../../src/workflows/steps/status.ts';

const status: RunStatus = {
  workflowId: 'restore-1',
  runId: 'run-1',
  workflowType: 'restoreDatabase',
  title: 'Restore the database',
  stack: 'hermes',
  by: 'dana',
  reason: 'matters deleted by mistake',
  phase: 'waiting-for-answer',
  startedAt: '2026-11-17T03:00:00.000Z',
  running: [],
  timeline: [],
};

const question = {
  title: 'Waiting for approval',
  lines: ['public.matters: 49,900 → 50,000 rows (+100)'],
  plan: 'a1b2c3d4',
  verbs: ['approve', 'reject'] as const,
  deadlineAt: '2026-11-17T04:00:00.000Z',
  missing: 1,
  answers: [],
};

function rendered(changes: Partial<RunStatus>): string {
  return renderDetails({ ...status, ...changes });
}

describe('the current details', () => {
  test('begin with what is done, to what, for whom and why', () => {
    expect(rendered({})).toMatch(
      /^## Restore the database \(hermes\)\n\nAsked for by dana: matters deleted by mistake\n/,
    );
  });

  test('of a run that waits show the plan and the exact JSON of every answer', () => {
    const text = rendered({ question: { ...question, verbs: [...question.verbs] } });
    expect(text).toContain('- public.matters: 49,900 → 50,000 rows (+100)\n');
    expect(text).toContain('- `approve` with `{"by": "YOUR NAME", "plan": "a1b2c3d4"}`');
    expect(text).toContain('- `reject` with `{"by": "YOUR NAME", "plan": "a1b2c3d4", "reason": "WHY"}`');
  });

  test('say who has answered when more answers are needed', () => {
    const answers = [{ verb: 'approve' as const, by: 'dana' }];
    expect(rendered({ question: { ...question, verbs: [...question.verbs], answers } })).toContain(
      'Answered so far: dana (approve); 1 more needed.',
    );
  });

  test('of a run that has ended say how', () => {
    expect(rendered({ outcome: 'rolled-back' })).toContain('**Ended: rolled-back**');
  });

  test('show the newest fifteen entries, and where the earlier ones are', () => {
    const timeline = Array.from({ length: 20 }, (_, index) => ({
      at: `2026-11-17T03:00:${String(index).padStart(2, '0')}.000Z`,
      text: `step ${index}`,
    }));
    const text = rendered({ timeline });
    expect(text).toContain('(5 earlier entries: query `timeline`)\n- 03:00:05 step 5\n');
    expect(text).not.toContain('step 4');
  });

  test('cut an entry that is a page of its own, between two words', () => {
    const timeline = [{ at: '2026-11-17T03:00:00.000Z', text: 'Plan: '.padEnd(500, 'table ') }];
    expect(rendered({ timeline })).toMatch(/- 03:00:00 Plan: (?:table ){32}…$/);
  });

  test.each([
    ['<img src=x onerror=alert(1)>', String.raw`\<img src=x onerror=alert(1)\>`],
    ['**bold** [link](http://x)', String.raw`\*\*bold\*\* \[link\](http://x)`],
    ['line one\n\n# line two', 'line one # line two'],
    ['hermes_before_20261117', 'hermes_before_20261117'],
    ['_quiet_', String.raw`\_quiet\_`],
  ])('show %j as it was written, not as Markdown', (reason, shown) => {
    expect(rendered({ reason })).toContain(`Asked for by dana: ${shown}\n`);
  });
});
