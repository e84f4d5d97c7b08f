import { setTimeout as pause } from 'node:timers/promises';
import { type Connection, isGrpcServiceError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributeNames } from './search-attributes.ts';

type Services = Pick<Connection, 'operatorService'>;

const visibleTimeoutMs = 60_000;
const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;

/**
 * Adds the search attributes that the namespace lacks and waits until it knows them.
 * Returns the names that were added. Throws an Error with the command to run where this connection may not add them.
 */
export async function ensureSearchAttributes(connection: Services, namespace: string): Promise<string[]> {
  const missing = await missingFrom(connection, namespace);
  if (missing.length === 0) return [];
  await add(connection, namespace, missing);
  const giveUpAt = Date.now() + visibleTimeoutMs;
  while ((await missingFrom(connection, namespace)).length > 0) {
    if (Date.now() >= giveUpAt)
      throw new Error(
        `Temporal took the search attributes ${missing.join(', ')}, but does not list them after ${visibleTimeoutMs / 1000} s.`,
      );
    await pause(200);
  }
  return missing;
}

async function missingFrom(connection: Services, namespace: string): Promise<string[]> {
  const known = await knownTypes(connection, namespace);
  const wrong = searchAttributeNames.filter((name) => known[name] !== undefined && known[name] !== keyword);
  if (wrong.length > 0)
    throw new Error(
      `The search attributes ${wrong.join(', ')} of the namespace ${namespace} exist with another type: expected Keyword. ` +
        'Use a namespace of its own for hermes-ops.',
    );
  return searchAttributeNames.filter((name) => known[name] === undefined);
}

async function knownTypes(connection: Services, namespace: string): Promise<Record<string, unknown>> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return { ...customAttributes };
  } catch (error) {
    throw notAllowed(error, namespace, searchAttributeNames);
  }
}

async function add(connection: Services, namespace: string, names: string[]): Promise<void> {
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(names.map((name) => [name, keyword])),
    });
  } catch (error) {
    // Another worker may have added them in the meantime.
    if ((await missingFrom(connection, namespace)).length === 0) return;
    throw notAllowed(error, namespace, names);
  }
}

function notAllowed(error: unknown, namespace: string, names: string[]): Error {
  const why = isGrpcServiceError(error)
    ? error.details
    : error instanceof Error
      ? error.message
      : String(error);
  const options = names.map((name) => `--name ${name} --type Keyword`).join(' ');
  return new Error(
    `The search attributes ${names.join(', ')} cannot be added to the namespace ${namespace} (${why}). ` +
      `Have somebody who may run: temporal operator search-attribute create --namespace ${namespace} ${options}`,
    { cause: error },
  );
}
