import { type ConnectedClient, connectClient } from '../client/connect-client.ts';
import { type Environment, readEnvironment } from '../environment.ts';
import { loadStack } from '../stack/load.ts';
import type { Stack } from '../stack/schema.ts';

/** What a command works with: the settings, the stack, and a connection that is closed when it is done. */
export interface Session extends ConnectedClient {
  environment: Environment;
  stack: Stack;
}

export async function withSession<T>(act: (session: Session) => Promise<T>): Promise<T> {
  const environment = readEnvironment();
  const stack = await loadStack(environment.stackFile);
  const connected = await connectClient(environment.stateDirectory, process.env);
  try {
    return await act({ ...connected, environment, stack });
  } finally {
    await connected.close();
  }
}

/** Prints a value as one line of JSON: what a script reads. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function print(...lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
