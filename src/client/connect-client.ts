import { Client, Connection } from '@temporalio/client';
import { problem } from '../problem.ts';
import { locateTemporal } from '../temporal/locate.ts';

export interface ConnectedClient {
  client: Client;
  namespace: string;
  uiUrl?: string;
  close(): Promise<void>;
}

const connectTimeoutMs = 10_000;

/** Connects to the Temporal that is configured or embedded. Throws Unreachable, which says how to start one. */
export async function connectClient(
  stateDirectory: string,
  variables: NodeJS.ProcessEnv,
): Promise<ConnectedClient> {
  const located = await locateTemporal(stateDirectory, variables);
  if (located === undefined) {
    throw problem('Unreachable', {
      what: 'No Temporal server is configured (TEMPORAL_ADDRESS, temporal.toml), and none of our own runs.',
      next: 'Start the worker, which starts one: hermes-ops worker',
    });
  }
  const { connectionOptions, namespace, uiUrl } = located;
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: connectTimeoutMs });
    return {
      client: new Client({ connection, namespace }),
      namespace,
      ...(uiUrl === undefined ? {} : { uiUrl }),
      close: () => connection.close(),
    };
  } catch (error) {
    const what = `The Temporal server at ${connectionOptions.address} does not answer.`;
    throw problem('Unreachable', { what, next: 'Check TEMPORAL_ADDRESS and that the server runs.' }, error);
  }
}
