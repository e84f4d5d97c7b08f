import { ApplicationFailure } from '@temporalio/common';

/** Every kind of problem that hermes-ops itself reports. The value is the failure's `type` in Temporal. */
export const problemTypes = {
  InvalidInput: { retryable: false },
  StackFile: { retryable: false },
  UnknownBackup: { retryable: false },
  DamagedBackup: { retryable: false },
  WrongDatabase: { retryable: false },
  NewerServer: { retryable: false },
  NotEnoughSpace: { retryable: false },
  UnknownDatabase: { retryable: false },
  UnknownRole: { retryable: false },
  UnsafeToRestore: { retryable: false },
  UnknownContainer: { retryable: false },
  UnknownService: { retryable: false },
  CannotScale: { retryable: false },
  CannotCopy: { retryable: false },
  NotEnoughRoom: { retryable: false },
  EngineRefused: { retryable: false },
  ContainerFailed: { retryable: false },
  ProxyRefused: { retryable: false },
  ResourceBusy: { retryable: false },
  StalePlan: { retryable: false },
  ApprovalSpent: { retryable: false },
  Rejected: { retryable: false },
  NotApproved: { retryable: false },
  VerificationFailed: { retryable: false },
  SmokeTestFailed: { retryable: false },
  JobFailed: { retryable: false },
  /** A certificate, its key or its chain is not what nginx could serve to customers. */
  UnfitCertificate: { retryable: false },
  /** The files do not reach nginx in a way that lets a pair be switched, or cannot be written. */
  CannotInstall: { retryable: false },
  /** The certificate authority could not see the challenge, or would not be able to. */
  ChallengeFailed: { retryable: false },
  /** The certificate authority refuses the account or the order for good. */
  AuthorityRefused: { retryable: false },
  /** The certificate authority was away, or asked to wait, for longer than a run waits. */
  AuthorityAway: { retryable: false },
  /** The ordering went well by its own word, and there is no new certificate. */
  NothingRenewed: { retryable: false },
  /** Customers do not get the certificate that they should. */
  NotServed: { retryable: false },
  LockLost: { retryable: false },
  /** Something outside is away for the moment: Docker, PostgreSQL, the network. Tried again. */
  Unreachable: { retryable: true },
  /** An attempt before this one still holds the resource. Tried again. */
  StillHeld: { retryable: true },
} as const satisfies Record<string, { retryable: boolean }>;

export type ProblemType = keyof typeof problemTypes;

export interface ProblemText {
  /** What failed, and on what. */
  what: string;
  /** The state that things are in now, as a customer or an operator finds them. */
  state?: string;
  /** What the reader can do next. */
  next?: string;
}

/**
 * A failure in plain words: what failed, what state things are in, what to do next.
 * Usable in workflows and activities alike; whether it is retried is decided by its type alone.
 */
export function problem(type: ProblemType, text: ProblemText, cause?: unknown): ApplicationFailure {
  const message = [text.what, text.state, text.next].filter((part) => part !== undefined).join(' ');
  const failure = ApplicationFailure.create({
    type,
    message,
    nonRetryable: !problemTypes[type].retryable,
    details: [text],
    ...(cause instanceof Error ? { cause } : {}),
  });
  return withoutStack(failure);
}

/** Its words say all; the Web UI would show a page of program lines between them and the type. Causes keep theirs. */
export function withoutStack(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = '';
  return failure;
}

/** The problem's type when `error` is, or was caused by, one of ours. */
export function problemTypeOf(error: unknown): ProblemType | undefined {
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 10;
    current = current.cause, depth += 1
  ) {
    if (current instanceof ApplicationFailure && isProblemType(current.type)) return current.type;
  }
  return undefined;
}

function isProblemType(type: string | null | undefined): type is ProblemType {
  return typeof type === 'string' && Object.hasOwn(problemTypes, type);
}
