/** What the activities that talk to Temporal itself take and give. */

export interface LockHolder {
  held: boolean;
  /**
   * The asking run itself holds it. Found out by the activity: a workflow that compared its own run id would go another
   * way when a later run, made by *Reset*, replays its history.
   */
  isOurs: boolean;
  /** The run which holds the lock, while that run lives. */
  holder?: { workflowId: string; runId: string; procedure: string; since: string };
}

export interface RunsActivities {
  /** Who holds the lock workflow `lockId`; a lock whose holder's run is over is ended here. */
  inspectLock(request: { lockId: string }): Promise<LockHolder>;
  /** When the signal with this plan's answer reached the history, or null where there is none. ISO time. */
  answerTime(request: { signal: string; plan: string; by: string }): Promise<string | null>;
  /** Whether somebody pressed *Reset*, which made the asking run out of an earlier one, after that ISO time. */
  wasResetSince(request: { since: string }): Promise<boolean>;
  /** Tells another run something, if it still lives. */
  signalRun(request: {
    workflowId: string;
    runId: string;
    signal: string;
    payload: unknown;
  }): Promise<{ delivered: boolean }>;
}

/** What of the stack file a workflow needs: policy, never a secret. */
export interface StackPolicy {
  stack: string;
  database: string;
  /** Compose's names of what a restore concerns. Runs that began before this was read have none. */
  services?: { api: string; database: string };
  undoWindowMs: number;
  keepUndoneForMs: number;
  fence: 'none' | 'read-only' | 'stop';
  reconnectWithinMs: number;
  /** Patterns of Redis keys that a restore deletes after the swap. */
  forgetAfterRestore: string[];
  /** New containers are watched for so long. */
  watchMs: number;
  /** After so many restarts of a service within an hour, a person is asked. */
  restartsPerHour: number;
  approvals: Record<string, ApprovalPolicy | undefined>;
  certificates: CertificatePolicy;
}

/** When certificates are renewed, and how. */
export interface CertificatePolicy {
  hostnames: string[];
  challenge: 'http-01' | 'dns-01' | 'standalone';
  acmeServer: string;
  /** Renewed once less than this share of its lifetime is left. */
  renewAtLifetimeLeft: number;
  /** When people are told that one ends, before its end. */
  warnBeforeMs: number[];
}

export interface ApprovalPolicy {
  required: boolean;
  count: number;
  /** Who may answer; empty means anyone. */
  from: string[];
  deadlineMs: number;
  remindAfterMs: number;
}

export interface Notice {
  severity: 'P0' | 'P1' | 'P2' | 'P3';
  title: string;
  text: string;
  /** 0 is the first contact of the escalation policy, 1 the next. */
  step: number;
}

export interface RunRecord {
  procedure: string;
  title: string;
  outcome: string;
  summary: string;
  startedAt: string;
  endedAt: string;
  by: string;
  reason: string;
  timeline: { at: string; text: string }[];
  report: unknown;
}

export interface StackActivities {
  readPolicy(request: { procedure: string }): Promise<StackPolicy>;
  /** Tells the contact at that step of the escalation policy. */
  notify(notice: Notice): Promise<{ told: string[] }>;
  /** Writes the record as Markdown and JSON, once a run; the last write wins. Returns the file's name. */
  writeRecord(record: RunRecord): Promise<{ file: string }>;
}
