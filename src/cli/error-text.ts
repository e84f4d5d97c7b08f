import { isGrpcServiceError } from '@temporalio/client';

/** An error in words for a person. Of what Temporal's client throws, the server's own words are in the cause. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return isGrpcServiceError(cause) ? `${error.message}: ${cause.details}` : error.message;
}
