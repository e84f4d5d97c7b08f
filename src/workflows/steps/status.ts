import type { QuestionView } from './question.ts';

/** Coarse, so that the Web UI's list can be filtered by it. */
export type Phase =
  | 'looking'
  | 'waiting-for-lock'
  | 'waiting-for-answer'
  | 'changing'
  | 'undo-window'
  | 'undoing'
  | 'ended';

export type OutcomeName =
  | 'done'
  | 'planned'
  | 'rejected'
  | 'not-approved'
  | 'rolled-back'
  | 'cancelled'
  | 'failed';

export interface TimelineEntry {
  /** ISO time, UTC. */
  at: string;
  text: string;
}

/** What a run says of itself at any moment: the query `status`. */
export interface RunStatus {
  workflowId: string;
  runId: string;
  workflowType: string;
  title: string;
  stack: string;
  by: string;
  reason: string;
  phase: Phase;
  startedAt: string;
  /** Titles of the steps under way. */
  running: string[];
  question?: QuestionView;
  plan?: string[];
  outcome?: OutcomeName;
  timeline: TimelineEntry[];
}
