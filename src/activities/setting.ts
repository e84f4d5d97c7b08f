import type Docker from 'dockerode';
import type { Client } from '@temporalio/client';
import type { Stack } from '../stack/schema.ts';
import type { SecretReference } from '../stack/secrets.ts';

/** What activities work with: made once when the worker starts, or by a test. */
export interface Setting {
  stack: Stack;
  docker: Docker;
  /** The secret's value, read anew each time; throws a StackFile problem that names the variable or file, never the value. */
  secret(reference: SecretReference): Promise<string>;
  /** Where the worker keeps its own files: records, notices, measurements. */
  stateDirectory: string;
  client: Client;
  /** Whether a run still goes on. Asked of the run itself: Temporal's list of runs lags behind by seconds. */
  isAlive(run: { workflowId: string; runId: string }): Promise<boolean>;
}
