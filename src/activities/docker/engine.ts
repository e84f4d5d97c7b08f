import { problem } from '../../problem.ts';

const awayCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH']);

/** Runs a call to the Docker engine; an engine that is away is a retryable Unreachable. */
export async function engineCall<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isEngineAway(error)) throw error;
    throw problem(
      'Unreachable',
      { what: `${what}: the Docker engine does not answer.`, next: 'It is tried again.' },
      error,
    );
  }
}

function isEngineAway(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && awayCodes.has(error.code)
  );
}

/** The HTTP status with which the engine refused a call. */
export function engineStatus(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** Runs a call for which "there is no such thing" (404) or "it is so already" (304) is an answer, not a failure. */
export async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const status = engineStatus(error);
    if (status === 404 || status === 304) return undefined;
    throw error;
  }
}

/**
 * Runs a call that changes something. An engine that is away is a retryable Unreachable; a refusal that asking again
 * does not change is EngineRefused, in the engine's words.
 */
export async function engineChange<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await engineCall(what, call);
  } catch (error) {
    const status = engineStatus(error);
    if (status === undefined || status >= 500) throw error;
    throw problem(
      'EngineRefused',
      { what: `${what}: the Docker engine refused it: ${refusalText(error)}.` },
      error,
    );
  }
}

/** What the engine said, without dockerode's own prefix. */
export function refusalText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
}
