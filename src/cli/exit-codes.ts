import { isGrpcServiceError } from '@temporalio/client';
import { problemTypeOf } from '../problem.ts';

/** Exit codes that a script can use. Documented in the README. */
export const exitCodes = {
  /** Done, planned, or the answer was taken. */
  done: 0,
  /** The procedure failed; what it did was undone where it could be. */
  failed: 1,
  /** The command or its input is wrong; nothing was started. */
  usage: 2,
  /** Rejected, or nobody approved in time. */
  notApproved: 3,
  /** Temporal cannot be reached, or no worker answers. */
  unreachable: 4,
  /** Cancelled, terminated or rolled back. */
  undone: 5,
  /** Ctrl-C: the run goes on. */
  interrupted: 130,
} as const;

export function exitCodeOf(error: unknown): number {
  const type = problemTypeOf(error);
  if (type === 'InvalidInput' || type === 'StackFile') return exitCodes.usage;
  if (type === 'Unreachable' || isServerAway(error)) return exitCodes.unreachable;
  if (type === 'Rejected' || type === 'NotApproved') return exitCodes.notApproved;
  return exitCodes.failed;
}

/** gRPC's codes for a server that is not there: DEADLINE_EXCEEDED, UNAVAILABLE. */
const awayCodes = new Set([4, 14]);

function isServerAway(error: unknown): boolean {
  if (isGrpcServiceError(error)) return awayCodes.has(error.code);
  return error instanceof Error && isServerAway(error.cause);
}
