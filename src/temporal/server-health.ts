import { connect } from 'node:net';
import { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import type { ServerRecord } from './server-record.ts';

const lookTimeoutMs = 2_000;

/** Whether Temporal answers at the address and knows its namespace. */
export async function serves(record: Pick<ServerRecord, 'address' | 'namespace'>): Promise<boolean> {
  // A gRPC channel that was refused once waits a second before it tries again: first see whether anybody listens.
  return (await accepts(record.address)) && answers(record);
}

async function answers({
  address,
  namespace,
}: Pick<ServerRecord, 'address' | 'namespace'>): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: lookTimeoutMs });
    try {
      await connection.withDeadline(Date.now() + lookTimeoutMs, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}

/** The development server keeps ended runs for one day only: too short for a record of incidents. */
export async function keepRunsFor(
  { address, namespace }: Pick<ServerRecord, 'address' | 'namespace'>,
  days: number,
): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    await connection.workflowService.updateNamespace({
      namespace,
      config: {
        workflowExecutionRetentionTtl: proto.google.protobuf.Duration.fromObject({
          seconds: days * 24 * 60 * 60,
        }),
      },
    });
  } finally {
    await connection.close();
  }
}

function accepts(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':');
  const socket = connect({
    host: address.slice(0, colon),
    port: Number(address.slice(colon + 1)),
    timeout: lookTimeoutMs,
  });
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('timeout', () => resolve(false));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy());
}
